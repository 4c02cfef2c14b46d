package file

import (
	"context"
	"fmt"

	"github.com/plinth/plinth/internal/file/filedb"
	"github.com/plinth/plinth/internal/platform/mail"
)

// alert tells the uploader and the admins of an infected file. Where that fails on the way, it begins again: the messages'
// ids tell who was told already.
func (v *Service) alert(ctx context.Context, f subject) error {
	readers, err := filedb.New(v.Pool.Unscoped()).AlertReaders(ctx, filedb.AlertReadersParams{OrgID: f.OrgID, ID: f.ID})
	if err != nil {
		return fmt.Errorf("find whom to alert: %w", err)
	}
	for i, r := range readers {
		if err := v.Mail.Send(ctx, warning(f, i, r)); err != nil {
			return fmt.Errorf("alert of an infected file: %w", err)
		}
	}
	return filedb.New(v.Pool.Unscoped()).Alerted(ctx, filedb.AlertedParams{OrgID: f.OrgID, ID: f.ID})
}

func warning(f subject, i int, r filedb.AlertReadersRow) mail.Message {
	return mail.Message{
		ID: fmt.Sprintf("infected-%s-%d", f.ID, i), To: r.Email, Subject: fmt.Sprintf("Infected file in %s: %s", r.Organization, f.Name),
		Text: fmt.Sprintf("The scanner found something malicious in the file %q of %s.\n\nNobody can download it; it was put into quarantine. "+
			"Delete it for good, or upload a clean version.\n\nIts id is %s.\n", f.Name, r.Organization, f.FileID),
	}
}
