package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// MaxTasks is how many tasks there are different titles for, with every board as full as the next.
const MaxTasks = 12 * 10 * 22

// The places of a task, in the order it passes through them. Only scrum boards tell inReview from inProgress.
const (
	backlog    = "backlog"
	todo       = "todo"
	inProgress = "in_progress"
	inReview   = "review"
	done       = "done"
)

// plan is what will be done, without the ids that come with doing it.
type plan struct{ tasks []task }

// task is one task's whole life. People are indexes of staff, boards count through all projects.
type task struct {
	board       int
	title       string
	description string
	priority    string
	labels      []string
	author      int
	assignees   []int
	dueInDays   *int
	estimate    float64
	severity    string   // of a bug
	steps       []string // of the checklist
	blockedBy   int      // index in the plan, or -1
	parent      int      // likewise
	begins      string
	moves       []string
	comments    []comment
}

type comment struct {
	author int
	body   string
}

// ends is where the task stands at last.
func (t task) ends() string {
	if len(t.moves) == 0 {
		return t.begins
	}
	return t.moves[len(t.moves)-1]
}

// mover is who moves the task.
func (t task) mover() int {
	if len(t.assignees) > 0 {
		return t.assignees[0]
	}
	return t.author
}

type planner struct{ *rand.Rand }

// newPlan plans count tasks, in turn for each board.
func newPlan(seed uint64, count int) *plan {
	r := planner{rand.New(rand.NewPCG(seed, 0))}
	var ideas [][]idea
	for _, p := range projects() {
		for _, b := range p.boards {
			ideas = append(ideas, r.ideas(p, b))
		}
	}
	made := &plan{}
	parents := map[string]int{} // by subject, the task that others may belong to
	for n := range count {
		board := n % len(ideas)
		i := ideas[board][n/len(ideas)]
		t := r.task(board, i)
		if parent, ok := parents[i.subject]; ok && r.chance(25) {
			t.parent = parent
		} else if !ok {
			parents[i.subject] = n
		}
		if earlier := n - len(ideas); earlier >= 0 && r.chance(12) {
			t.blockedBy = earlier
		}
		made.tasks = append(made.tasks, t)
	}
	return made
}

// idea is a chore for a subject.
type idea struct {
	chore
	subject string
}

// ideas are all that a board can have, shuffled.
func (r planner) ideas(p project, b boardPlan) []idea {
	var all []idea
	for _, subject := range b.subjects {
		for _, c := range p.chores {
			all = append(all, idea{c, subject})
		}
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func (r planner) task(board int, i idea) task {
	t := task{
		board: board, title: fmt.Sprintf(i.title, i.subject), description: r.description(i.label), priority: r.priority(),
		labels: []string{i.label}, author: r.writer(), blockedBy: -1, parent: -1,
	}
	r.place(&t)
	r.assign(&t)
	r.schedule(&t)
	if i.label != "testing" && r.chance(10) {
		t.labels = append(t.labels, "testing")
	}
	if r.chance(60) {
		t.estimate = []float64{0.5, 1, 2, 3, 5, 8}[r.IntN(6)]
	}
	if i.label == "bug" {
		t.severity = severities()[r.pick(10, 30, 60)].value
	}
	if r.chance(20) {
		t.steps = steps()[:2+r.IntN(len(steps())-1)]
	}
	for range r.pick(65, 20, 10, 5) {
		t.comments = append(t.comments, comment{r.writer(), oneOf(r, remarks())})
	}
	return t
}

func (r planner) description(label string) string {
	why := reasons()[label]
	if len(why) == 0 || r.chance(30) {
		return ""
	}
	return strings.TrimSpace(oneOf(r, why) + "\n\n" + oneOf(r, endings()))
}

func (r planner) priority() string {
	return []string{"none", "low", "medium", "high", "urgent"}[r.pick(20, 20, 35, 20, 5)]
}

// place lets a task begin where tasks begin and pass through some places to where it stands now.
func (r planner) place(t *task) {
	places := []string{backlog, todo, inProgress, inReview, done}
	last := r.pick(28, 24, 14, 6, 28)
	first := min(last, r.pick(60, 40))
	t.begins = places[first]
	for next := first + 1; next < last; next++ {
		if r.chance(50) {
			t.moves = append(t.moves, places[next])
		}
	}
	if last > first {
		t.moves = append(t.moves, places[last])
	}
}

// assign gives work that has begun to somebody, sometimes to two, and some of the rest.
func (r planner) assign(t *task) {
	if waiting := t.ends() == backlog || t.ends() == todo; waiting && r.chance(55) {
		return
	}
	first := r.writer()
	t.assignees = []int{first}
	if second := r.writer(); second != first && r.chance(15) {
		t.assignees = append(t.assignees, second)
	}
}

// schedule sets due dates, so that a few are overdue.
func (r planner) schedule(t *task) {
	if r.chance(45) {
		return
	}
	days := r.IntN(45) - 4
	if t.ends() == done {
		days = -1 - r.IntN(30)
	}
	t.dueInDays = &days
}

// writer is anybody but the guest, who is the last.
func (r planner) writer() int { return r.IntN(len(staff()) - 1) }

func (r planner) chance(percent int) bool { return r.IntN(100) < percent }

// pick gives an index, each as often as its weight says.
func (r planner) pick(weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := r.IntN(sum)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return len(weights) - 1
}

func oneOf[T any](r planner, list []T) T { return list[r.IntN(len(list))] }
