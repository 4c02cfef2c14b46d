package board

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// maxLanes bounds the lanes of an answer.
const maxLanes = 200

// Grouping is the part of an input that asks for swimlanes.
type Grouping struct {
	GroupBy string `query:"group_by" maxLength:"80" pattern:"^(assignee|priority|label|status|parent|fields\\.[a-z][a-z0-9_]{0,62})$" patternDescription:"assignee, priority, label, status, parent or fields.<key>" doc:"Answer swimlanes, too: one for each of these that the board's tasks have." example:"assignee"`
}

func (g Grouping) by() *string {
	if g.GroupBy == "" {
		return nil
	}
	return &g.GroupBy
}

// Swimlanes is the part of an answer that group_by asks for.
type Swimlanes struct {
	Lanes     *[]Lane `json:"lanes,omitzero" nullable:"false" doc:"With group_by: by name, by the order of priorities, statuses or options, or by age for parents; that of the tasks without a value comes last. A task with two assignees or labels is in both lanes."`
	MoreLanes bool    `json:"more_lanes,omitzero" doc:"true where there are more than the 200 that are answered."`
}

// Lane is the tasks of a board that share a value.
type Lane struct {
	Value     *string      `json:"value" doc:"What the tasks share, as text: a user's, label's or task's id, or the value itself. null is the lane of those without one." example:"high"`
	Name      *string      `json:"name" doc:"The person's, label's or option's name, or the parent's title; null where there is none to see."`
	TaskCount int          `json:"task_count" doc:"Without the archived and deleted ones."`
	Columns   []LaneColumn `json:"columns" nullable:"false" doc:"The columns that have tasks in the lane, left to right."`
}

// LaneColumn is where a lane and a column cross.
type LaneColumn struct {
	ColumnID  uuid.UUID `json:"column_id" format:"uuid"`
	TaskCount int       `json:"task_count"`
}

// readLanes decodes what app.board_lanes gave, which is one more than maxLanes where there are more; null where it was
// not asked.
func readLanes(text []byte) (Swimlanes, error) {
	if text == nil {
		return Swimlanes{}, nil
	}
	var lanes []Lane
	if err := json.Unmarshal(text, &lanes); err != nil {
		return Swimlanes{}, fmt.Errorf("decode lanes: %w", err)
	}
	shown := lanes[:min(len(lanes), maxLanes)]
	return Swimlanes{&shown, len(lanes) > maxLanes}, nil
}
