package demo

import (
	"reflect"
	"testing"
)

func TestTitlesAreDistinct(t *testing.T) {
	titles := map[string]bool{}
	for _, task := range newPlan(1, MaxTasks).tasks {
		if titles[task.title] {
			t.Errorf("%q comes twice", task.title)
		}
		titles[task.title] = true
	}
}

func TestThereAreNoMoreTitlesThanMaxTasks(t *testing.T) {
	least, boards := MaxTasks, 0
	for _, p := range projects() {
		for _, b := range p.boards {
			boards++
			least = min(least, len(b.subjects)*len(p.chores))
		}
	}
	if boards*least != MaxTasks {
		t.Errorf("%d boards with %d titles each, MaxTasks is %d", boards, least, MaxTasks)
	}
}

func TestSeedDecides(t *testing.T) {
	if !reflect.DeepEqual(newPlan(7, 100), newPlan(7, 100)) {
		t.Error("one seed made two plans")
	}
	if reflect.DeepEqual(newPlan(7, 100), newPlan(8, 100)) {
		t.Error("two seeds made one plan")
	}
}

func TestPlanIsOneThatTheServiceAllows(t *testing.T) {
	known := map[string]bool{}
	for _, l := range labels() {
		known[l.name] = true
	}
	guest := len(staff()) - 1
	if role := staff()[guest].role; role != "guest" {
		t.Fatalf("the last member is %s", role)
	}
	order := map[string]int{backlog: 0, todo: 1, inProgress: 2, inReview: 3, done: 4}
	tasks := newPlan(1, MaxTasks).tasks
	for n, task := range tasks {
		if task.parent >= n || task.parent >= 0 && tasks[task.parent].parent >= 0 {
			t.Errorf("%q belongs to a later task, or to a sub-task", task.title)
		}
		for _, l := range task.labels {
			if !known[l] {
				t.Errorf("%q has the unknown label %q", task.title, l)
			}
		}
		writers := append([]int{task.author, task.mover()}, task.assignees...)
		for _, c := range task.comments {
			writers = append(writers, c.author)
		}
		for _, w := range writers {
			if w < 0 || w >= guest {
				t.Errorf("%q has the writer %d", task.title, w)
			}
		}
		at := order[task.begins]
		for _, place := range task.moves {
			if order[place] <= at {
				t.Errorf("%q moves from place %d to %s", task.title, at, place)
			}
			at = order[place]
		}
	}
}

func TestEveryPlaceHasTasks(t *testing.T) {
	at := map[string]int{}
	subtasks, comments := 0, 0
	for _, task := range newPlan(1, 400).tasks {
		at[task.ends()]++
		comments += len(task.comments)
		if task.parent >= 0 {
			subtasks++
		}
	}
	for _, place := range []string{backlog, todo, inProgress, inReview, done} {
		if at[place] < 10 {
			t.Errorf("%d tasks in %s", at[place], place)
		}
	}
	if subtasks < 20 || comments < 100 {
		t.Errorf("%d sub-tasks, %d comments", subtasks, comments)
	}
}
