// Package view is saved views: a name for a filter, a sort and a grouping of tasks, for oneself or to share. What is in a
// view the package of tasks answers.
package view

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/internal/view/viewdb"
)

// View is how somebody looks at tasks.
type View struct {
	ID         uuid.UUID  `json:"id" format:"uuid"`
	ProjectID  *uuid.UUID `json:"project_id" format:"uuid" nullable:"true" doc:"Whose tasks alone it shows; null is the whole organization."`
	OwnerID    uuid.UUID  `json:"owner_id" format:"uuid"`
	Name       string     `json:"name" example:"My bugs"`
	Visibility string     `json:"visibility" enum:"private,project,organization" doc:"Who sees it: its owner alone, or those who see its project, or the organization; with a project_id, only those who see that."`
	Filter     string     `json:"filter" doc:"As in the lists of tasks; empty for all." example:"labels:\"bug\" AND assignee = me"`
	Sort       string     `json:"sort" doc:"As in the lists of tasks; empty for the newest first." example:"-priority"`
	GroupBy    string     `json:"group_by" doc:"Empty for none." example:"status"`
	Fields     []string   `json:"fields" nullable:"false" doc:"The members of a task that it shows; empty for all."`
	Version    int32      `json:"version"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
}

// Revision implements api.Revised.
func (v View) Revision() int32 { return v.Version }

// Service knows what tasks can be asked for. Each function refuses what they cannot, at the location.
type Service struct {
	CheckFilter func(expression, location string) error
	CheckSort   func(sort, location string) error
	CheckGroup  func(groupBy, location string) error
	CheckFields func(fields []string, location string) error
}

// Routes registers the operations of views.
func Routes(r *api.Router, v *Service) {
	const tag = "Views"
	api.Post(r, "/v1/views", v.Create, api.Op{ID: "create-view", Tag: tag, Summary: "Save a view",
		Can: rbac.ViewWrite, Emits: []event.Type{event.ViewCreated}})
	api.Get(r, "/v1/views", List, api.Op{ID: "list-views", Tag: tag, Summary: "List your views and those shared with you", Can: rbac.ViewRead})
	api.Get(r, "/v1/views/{view_id}", Get, api.Op{ID: "get-view", Tag: tag, Summary: "Get a view", Can: rbac.ViewRead})
	api.Patch(r, "/v1/views/{view_id}", v.Update, api.Op{ID: "update-view", Tag: tag, Summary: "Change a view",
		Doc: "Its owner may, and an admin while it is shared. Who cannot see it any more is told of a deletion, who now can of a creation.",
		Can: rbac.ViewWrite, Emits: []event.Type{event.ViewCreated, event.ViewUpdated, event.ViewDeleted}})
	api.Delete(r, "/v1/views/{view_id}", Delete, api.Op{ID: "delete-view", Tag: tag, Summary: "Delete a view",
		Doc: "Its owner may, and an admin while it is shared.", Can: rbac.ViewWrite, Emits: []event.Type{event.ViewDeleted}})
}

// part is what a request says of a view's content.
type part struct {
	filter, sort, groupBy *string
	fields                []string
}

func (v *Service) check(p part) error {
	for _, c := range []struct {
		value *string
		check func(value, location string) error
		place string
	}{{p.filter, v.CheckFilter, "body.filter"}, {p.sort, v.CheckSort, "body.sort"}, {p.groupBy, v.CheckGroup, "body.group_by"}} {
		if c.value == nil || *c.value == "" {
			continue
		}
		if err := c.check(*c.value, c.place); err != nil {
			return err
		}
	}
	return v.CheckFields(p.fields, "body.fields")
}

// CreateInput is the request of Create.
type CreateInput struct{ Body CreateBody }

// CreateBody is its body.
type CreateBody struct {
	Name       string                  `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text" example:"My bugs"`
	Visibility api.Optional[string]    `json:"visibility,omitzero" enum:"private,project,organization" doc:"private when absent." example:"organization"`
	ProjectID  api.Nullable[uuid.UUID] `json:"project_id,omitzero" format:"uuid" doc:"Show this project's tasks alone; needed for the visibility project."`
	Filter     api.Optional[string]    `json:"filter,omitzero" maxLength:"2000" doc:"As in the lists of tasks." example:"labels:\"bug\" AND assignee = me"`
	Sort       api.Optional[string]    `json:"sort,omitzero" maxLength:"80" doc:"As in the lists of tasks, but for relevance." example:"-priority"`
	GroupBy    api.Optional[string]    `json:"group_by,omitzero" maxLength:"80" doc:"status, priority, assignee, label, column, project, parent, created_by or fields.<key>." example:"status"`
	Fields     api.Optional[[]string]  `json:"fields,omitzero" nullable:"false" maxItems:"100" uniqueItems:"true" doc:"The members of a task to show, custom fields as fields.<key>." example:"[\"key\",\"title\",\"status\"]"`
}

// Create saves a view for the caller.
func (v *Service) Create(ctx context.Context, s *db.Scope, in *CreateInput) (*View, error) {
	b := in.Body
	if err := v.check(part{b.Filter.Ptr(), b.Sort.Ptr(), b.GroupBy.Ptr(), b.Fields.Value}); err != nil {
		return nil, err
	}
	row, err := viewdb.New(s).CreateView(ctx, viewdb.CreateViewParams{OrgID: s.Org(), ID: s.NewID(), ProjectID: b.ProjectID.Ptr(), Name: b.Name,
		Visibility: b.Visibility.Or("private"), Filter: b.Filter.Value, Sort: b.Sort.Value, GroupBy: b.GroupBy.Value, Fields: append([]string{}, b.Fields.Value...)})
	if err != nil {
		return nil, err
	}
	created := View(row)
	return &created, nil
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	ProjectID  uuid.UUID `query:"project_id" format:"uuid" doc:"Only the views of this project."`
	Visibility string    `query:"visibility" enum:"private,project,organization"`
}

// List gives the views that the caller sees, oldest first.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[View], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	p := viewdb.ListViewsParams{OrgID: s.Org(), After: after, More: in.More()}
	if in.Visibility != "" {
		p.Visibility = &in.Visibility
	}
	if in.ProjectID != uuid.Nil {
		p.ProjectID = &in.ProjectID
		if err := viewdb.New(s.Ahead()).RequireProject(ctx, viewdb.RequireProjectParams{OrgID: s.Org(), ID: in.ProjectID}); err != nil {
			return nil, err
		}
	}
	rows, err := viewdb.New(s).ListViews(ctx, p)
	if err != nil {
		return nil, err
	}
	return api.NewPage(in.PageQuery, rows, func(r viewdb.ListViewsRow) View { return View(r) }, func(r viewdb.ListViewsRow) uuid.UUID { return r.ID })
}

// GetInput is the request of Get.
type GetInput struct {
	ID uuid.UUID `path:"view_id" format:"uuid"`
}

// Get gives a view.
func Get(ctx context.Context, s *db.Scope, in *GetInput) (*View, error) {
	row, err := viewdb.New(s).GetView(ctx, viewdb.GetViewParams{OrgID: s.Org(), ID: in.ID})
	if err != nil {
		return nil, fault.About("view", err)
	}
	v := View(row)
	return &v, nil
}

// UpdateInput is the request of Update.
type UpdateInput struct {
	api.IfMatch
	ID   uuid.UUID `path:"view_id" format:"uuid"`
	Body UpdateBody
}

// UpdateBody is its body.
type UpdateBody struct {
	Name       api.Optional[string]    `json:"name,omitzero" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text"`
	Visibility api.Optional[string]    `json:"visibility,omitzero" enum:"private,project,organization" doc:"Only its owner may make it private."`
	ProjectID  api.Nullable[uuid.UUID] `json:"project_id,omitzero" format:"uuid"`
	Filter     api.Nullable[string]    `json:"filter,omitzero" maxLength:"2000"`
	Sort       api.Nullable[string]    `json:"sort,omitzero" maxLength:"80"`
	GroupBy    api.Nullable[string]    `json:"group_by,omitzero" maxLength:"80"`
	Fields     api.Nullable[[]string]  `json:"fields,omitzero" maxItems:"100" uniqueItems:"true" doc:"null shows all."`
}

// Update changes a view.
func (v *Service) Update(ctx context.Context, s *db.Scope, in *UpdateInput) (*View, error) {
	b := in.Body
	p := viewdb.UpdateViewParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions(), Name: b.Name.Ptr(), Visibility: b.Visibility.Ptr(),
		SetProjectID: b.ProjectID.Set, ProjectID: b.ProjectID.Ptr(), Filter: emptied(b.Filter), Sort: emptied(b.Sort), GroupBy: emptied(b.GroupBy)}
	if b.Fields.Set {
		p.Fields = append([]string{}, b.Fields.Value...)
	}
	if err := v.check(part{p.Filter, p.Sort, p.GroupBy, p.Fields}); err != nil {
		return nil, err
	}
	if err := viewdb.New(s.Ahead()).RequireWritable(ctx, viewdb.RequireWritableParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	row, err := viewdb.New(s).UpdateView(ctx, p)
	if err != nil {
		return nil, fault.About("view", err)
	}
	updated := View(row)
	return &updated, nil
}

// emptied is the text to set, empty for null; nil where it is absent.
func emptied(n api.Nullable[string]) *string {
	if !n.Set {
		return nil
	}
	return &n.Value
}

// DeleteInput is the request of Delete.
type DeleteInput struct {
	api.IfMatch
	ID uuid.UUID `path:"view_id" format:"uuid"`
}

// Delete removes a view.
func Delete(ctx context.Context, s *db.Scope, in *DeleteInput) (*api.Nothing, error) {
	if err := viewdb.New(s.Ahead()).RequireWritable(ctx, viewdb.RequireWritableParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	_, err := viewdb.New(s).DeleteView(ctx, viewdb.DeleteViewParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions()})
	return nil, fault.About("view", err)
}
