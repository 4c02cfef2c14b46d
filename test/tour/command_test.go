package tour_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/binary"
)

// TestSenselessSettings holds each to one line that names the setting and shows no secret, before anything is made.
func TestSenselessSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, setting, want string }{
		{"short secret", "JWT_SECRET=secret", "JWT_SECRET"},
		{"placeholder secret", "JWT_SECRET=change-me-change-me-change-me-please", "JWT_SECRET"},
		{"address", "PLINTH_ADDR=nonsense", "PLINTH_ADDR"},
		{"database", "DATABASE_URL=mysql://root:hunter2@db/x", "DATABASE_URL"},
		{"misspelt name", "PLINTH_TYPO=1", "PLINTH_TYPO"},
		{"no number", "ACCESS_TOKEN_EXPIRE_MINUTES=soon", "ACCESS_TOKEN_EXPIRE_MINUTES"},
		{"database without a secret", "DATABASE_URL=postgres://plinth:hunter2@127.0.0.1:1/plinth", "JWT_SECRET"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := binary.Dir(t)
			got := binary.Run(t, binary.Command(t, dir, []string{c.setting}, "serve"))
			wantOneLine(t, got, c.want)
			if strings.Contains(got.Stderr, "hunter2") {
				t.Errorf("it shows the password: %s", got.Stderr)
			}
			if _, err := os.Stat(filepath.Join(dir, "data")); !os.IsNotExist(err) {
				t.Errorf("it has made a data directory: %v", err)
			}
		})
	}
}

// TestUnreachableDatabase is a setting that makes sense and does not work.
func TestUnreachableDatabase(t *testing.T) {
	t.Parallel()
	env := []string{"DATABASE_URL=postgres://plinth:hunter2@127.0.0.1:1/plinth", "JWT_SECRET=9f6c1b7e02d84a35c1e7f4a06b9d5283e47a"}
	got := binary.Run(t, binary.Command(t, binary.Dir(t), env, "serve", "--addr", "127.0.0.1:0"))
	if got.Status != 1 || !strings.HasPrefix(got.Stderr, "plinth: ") || !strings.Contains(got.Stderr, "127.0.0.1:1") {
		t.Errorf("status %d, stderr %q", got.Status, got.Stderr)
	}
	if strings.Contains(got.Stderr, "hunter2") {
		t.Errorf("it shows the password: %s", got.Stderr)
	}
}

func TestTakenAddress(t *testing.T) {
	t.Parallel()
	address := strings.TrimPrefix(binary.Start(t), "http://")
	got := binary.Run(t, binary.Command(t, binary.Dir(t), nil, "serve", "--addr", address))
	wantOneLine(t, got, "listen on "+address)
}

func TestSecondServerOnOneDirectory(t *testing.T) {
	t.Parallel()
	dir := binary.Dir(t)
	first := serve(t, dir)
	got := binary.Run(t, binary.Command(t, dir, nil, "serve", "--addr", "127.0.0.1:0"))
	wantOneLine(t, got, "in use by another Plinth")
	signUp(t, first.BaseURL, "still@example.com")
}

// wantOneLine expects a failed start: status 1, and one line on stderr that has the text.
func wantOneLine(t *testing.T, got binary.Result, text string) {
	t.Helper()
	line, ok := strings.CutSuffix(got.Stderr, "\n")
	if got.Status != 1 || !ok || strings.Contains(line, "\n") || !strings.HasPrefix(line, "plinth: ") || !strings.Contains(line, text) {
		t.Errorf("status %d, stderr %q; want status 1 and one line with %q", got.Status, got.Stderr, text)
	}
	if got.Stdout != "" {
		t.Errorf("stdout %q", got.Stdout)
	}
}

// TestCommandsAlone runs them without a server: each starts the embedded database for itself.
func TestCommandsAlone(t *testing.T) {
	t.Parallel()
	dir := binary.Dir(t)
	run := func(args ...string) binary.Result { return binary.Run(t, binary.Command(t, dir, nil, args...)) }

	status := run("migrate", "status")
	if status.Status != 0 || !strings.Contains(status.Stdout, "pending") {
		t.Errorf("migrate status before the first start: status %d\n%s%s", status.Status, status.Stdout, status.Stderr)
	}
	if up := run("migrate", "up"); up.Status != 0 || !regexp.MustCompile(`^[1-9]\d* migrations applied\n$`).MatchString(up.Stdout) {
		t.Errorf("migrate up: status %d\n%s%s", up.Status, up.Stdout, up.Stderr)
	}
	wantInstalled(t, run)
}

// TestCommandsBesideServer runs them while a server has the embedded database open.
func TestCommandsBesideServer(t *testing.T) {
	t.Parallel()
	dir := binary.Dir(t)
	server := serve(t, dir)
	wantInstalled(t, func(args ...string) binary.Result { return binary.Run(t, binary.Command(t, dir, nil, args...)) })
	signUp(t, server.BaseURL, "still@example.com")
}

// wantInstalled expects migrate status and doctor to find everything in place.
func wantInstalled(t *testing.T, run func(args ...string) binary.Result) {
	t.Helper()
	status := run("migrate", "status")
	if status.Status != 0 || strings.Contains(status.Stdout, "pending") || !strings.Contains(status.Stdout, "00001_scope.sql") {
		t.Errorf("migrate status: status %d\n%s%s", status.Status, status.Stdout, status.Stderr)
	}
	doctor := run("doctor")
	if doctor.Status != 0 || strings.Contains(doctor.Stdout, "FAIL") || !strings.Contains(doctor.Stdout, "ok    policies bind the application") {
		t.Errorf("doctor: status %d\n%s%s", doctor.Status, doctor.Stdout, doctor.Stderr)
	}
}

// TestOpenAPICommand holds the command to what a server of the same binary serves.
func TestOpenAPICommand(t *testing.T) {
	t.Parallel()
	got := binary.Run(t, binary.Command(t, binary.Dir(t), nil, "openapi"))
	var printed, served struct {
		OpenAPI string
		Paths   map[string]any
	}
	if err := json.Unmarshal([]byte(got.Stdout), &printed); err != nil || got.Status != 0 {
		t.Fatalf("openapi: status %d, %v\n%s", got.Status, err, got.Stderr)
	}
	s := &session{t: t, base: binary.Start(t)}
	s.want(http.StatusOK, "GET", "/openapi.json", nil, &served)
	if len(printed.Paths) != len(served.Paths) || printed.Paths["/v1/tasks/{task}"] == nil {
		t.Errorf("openapi prints %d paths, the server serves %d", len(printed.Paths), len(served.Paths))
	}
	if !strings.HasPrefix(printed.OpenAPI, "3.1") {
		t.Errorf("openapi is %q", printed.OpenAPI)
	}
}

// TestDemo makes two demos beside a server, and reads the second as its admin.
func TestDemo(t *testing.T) {
	t.Parallel()
	dir := binary.Dir(t)
	server := serve(t, dir)
	demo := func() (email, password, org string) {
		got := binary.Run(t, binary.Command(t, dir, []string{"PLINTH_ADDR=" + strings.TrimPrefix(server.BaseURL, "http://")}, "demo"))
		found := regexp.MustCompile(`(?s)organization  (\S+)\nadmin         (\S+)\npassword      (\S{12,}) `).FindStringSubmatch(got.Stdout)
		if got.Status != 0 || found == nil {
			t.Fatalf("demo: status %d\n%s%s", got.Status, got.Stdout, got.Stderr)
		}
		wantLoginCommand(t, got.Stdout)
		return found[2], found[3], found[1]
	}
	firstEmail, _, firstOrg := demo()
	email, password, org := demo()
	if email == firstEmail || org == firstOrg {
		t.Errorf("the second demo is %s in %s, as the first", email, org)
	}

	admin := logIn(t, server.BaseURL, email, password)
	if admin.org != org {
		t.Errorf("%s is in %s, not in %s", email, admin.org, org)
	}
	wantDemo(t, admin)
}

// wantLoginCommand runs the first command that the demo tells, as somebody would who follows it.
func wantLoginCommand(t *testing.T, told string) {
	t.Helper()
	command := regexp.MustCompile(`(?m)^curl [^\n]*/v1/auth/login[^\n]*\\\n[^\n]*$`).FindString(told)
	answer, err := exec.CommandContext(t.Context(), "bash", "-c", command).CombinedOutput()
	if err != nil || !strings.Contains(string(answer), `"access_token"`) {
		t.Errorf("%s\nanswered %s, %v", command, answer, err)
	}
}

func wantDemo(t *testing.T, admin *session) {
	t.Helper()
	projects := all[struct{ ID string }](admin, "/v1/projects")
	boards := 0
	for _, p := range projects {
		boards += len(all[struct{}](admin, "/v1/projects/"+p.ID+"/boards"))
	}
	roles := map[string]int{}
	for _, m := range all[struct{ Role string }](admin, "/v1/orgs/"+admin.org+"/members") {
		roles[m.Role]++
	}
	titles, status := map[string]bool{}, map[string]int{}
	var subtasks, assigned, due int
	tasks := all[struct {
		Title       string
		Status      string
		AssigneeIDs []string `json:"assignee_ids"`
		ParentID    *string  `json:"parent_id"`
		DueAt       *string  `json:"due_at"`
		CompletedAt *string  `json:"completed_at"`
	}](admin, "/v1/tasks")
	for _, task := range tasks {
		titles[task.Title] = true
		status[task.Status]++
		subtasks += one(task.ParentID != nil)
		assigned += one(len(task.AssigneeIDs) > 0)
		due += one(task.DueAt != nil)
		if (task.Status == "done") != (task.CompletedAt != nil) {
			t.Errorf("%q is %s and completed at %v", task.Title, task.Status, task.CompletedAt)
		}
	}
	archived := all[struct{ ID string }](admin, "/v1/tasks?state=archived")
	if len(projects) != 4 || boards != 13 || len(archived) == 0 || len(tasks)+len(archived) != 403 || len(titles) != len(tasks) {
		t.Errorf("%d projects, %d boards, %d tasks with %d titles, %d archived", len(projects), boards, len(tasks), len(titles), len(archived))
	}
	for _, v := range all[struct{ ID, Name string }](admin, "/v1/views") {
		if n := len(all[struct{}](admin, "/v1/views/"+v.ID+"/tasks")); n == 0 && v.Name != "My work" {
			t.Errorf("the view %q is empty", v.Name)
		}
	}
	if roles["admin"] != 2 || roles["member"] != 5 || roles["guest"] != 1 {
		t.Errorf("members: %v", roles)
	}
	if len(status) != 4 || subtasks == 0 || assigned == 0 || due == 0 {
		t.Errorf("%v, %d sub-tasks, %d assigned, %d due", status, subtasks, assigned, due)
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
