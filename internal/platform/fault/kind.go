package fault

import "net/http"

// Kind is the stable name of a refusal and the last segment of its problem type, /problems/{kind}.
type Kind string

// The kinds that the API answers with.
const (
	MalformedBody        Kind = "malformed-body"
	OrgHeader            Kind = "org-header"
	OrgMismatch          Kind = "org-mismatch"
	Unauthenticated      Kind = "unauthenticated"
	InvalidToken         Kind = "invalid-token"
	SessionEnded         Kind = "session-ended"
	InvalidCredentials   Kind = "invalid-credentials"
	RefreshReused        Kind = "refresh-reused"
	OrgDenied            Kind = "org-denied"
	Forbidden            Kind = "forbidden"
	OriginDenied         Kind = "origin-denied"
	NotFound             Kind = "not-found"
	MethodNotAllowed     Kind = "method-not-allowed"
	Conflict             Kind = "conflict"
	EmailTaken           Kind = "email-taken"
	KeyTaken             Kind = "key-taken"
	NameTaken            Kind = "name-taken"
	AlreadyMember        Kind = "already-member"
	LastAdmin            Kind = "last-admin"
	ColumnNotEmpty       Kind = "column-not-empty"
	WipLimit             Kind = "wip-limit"
	OptionInUse          Kind = "option-in-use"
	LinkExists           Kind = "link-exists"
	JobEnded             Kind = "job-ended"
	Quota                Kind = "quota"
	ScanPending          Kind = "scan-pending"
	FileBlocked          Kind = "file-blocked"
	UploadIncomplete     Kind = "upload-incomplete"
	LinkDenied           Kind = "link-denied"
	UploadLocked         Kind = "upload-locked"
	TusVersion           Kind = "tus-version"
	IdempotencyInFlight  Kind = "idempotency-in-flight"
	IdempotencyMismatch  Kind = "idempotency-mismatch"
	InvitationGone       Kind = "invitation-gone"
	StaleVersion         Kind = "stale-version"
	TooLarge             Kind = "too-large"
	UnsupportedMediaType Kind = "unsupported-media-type"
	Misdirected          Kind = "misdirected"
	Validation           Kind = "validation"
	UpgradeRequired      Kind = "upgrade-required"
	RateLimited          Kind = "rate-limited"
	Internal             Kind = "internal"
	Unavailable          Kind = "unavailable"

	// IdempotencyReplay never reaches a client: the stored answer does.
	IdempotencyReplay Kind = "idempotency-replay"
)

// Info explains a kind: its HTTP status, the title of its problems and the page behind its type.
type Info struct {
	Kind    Kind
	Status  int
	Title   string
	Explain string
}

// Kinds lists every kind that clients see, by status.
func Kinds() []Info {
	return []Info{
		{MalformedBody, http.StatusBadRequest, "The body cannot be read", "The request body is cut short, or not what its media type says: JSON (RFC 8259) that holds two documents, repeats a member name or is not valid UTF-8, or a form without its end. Nothing was changed."},
		{OrgHeader, http.StatusBadRequest, "X-Org-Id is missing or malformed", "Every call inside an organization names it once, in the header X-Org-Id, as a UUID. GET /v1/orgs lists the organizations that you belong to."},
		{OrgMismatch, http.StatusBadRequest, "Two different organizations are named", "An org_id in the query, the body or the path must be the organization that X-Org-Id names."},
		{Unauthenticated, http.StatusUnauthorized, "No access token", "Send Authorization: Bearer followed by the access token that login, signup or refresh gave."},
		{InvalidToken, http.StatusUnauthorized, "The access token is not valid", "The token is malformed, expired, not signed by this installation, or not an access token. Use the refresh token to get a new one."},
		{SessionEnded, http.StatusUnauthorized, "The session has ended", "The session behind this token was logged out, expired, or ended because one of its refresh tokens was used twice. Log in again."},
		{InvalidCredentials, http.StatusUnauthorized, "E-mail address or password is wrong", "There is no account with this e-mail address and password. The answer is the same whichever of the two is wrong."},
		{RefreshReused, http.StatusUnauthorized, "The refresh token is not valid any more", "A refresh token works once. When one is seen again, somebody else may hold it: the whole session is ended, and everybody who holds a part of it must log in again. Unknown and expired tokens get the same answer."},
		{OrgDenied, http.StatusForbidden, "No access to this organization", "The organization does not exist, or you are not a member of it. The two are not told apart."},
		{Forbidden, http.StatusForbidden, "Your role does not allow this", "Guests read, members write, admins administer. Ask an admin of the organization."},
		{Quota, http.StatusForbidden, "The organization's storage is full", "The file does not fit into what the organization may store, uploads under way counted. Delete files for good, or ask for more storage."},
		{FileBlocked, http.StatusForbidden, "The file may not be downloaded", "The scanner found something in the file, could not look into it, or what is stored is not what was uploaded; or this installation gives nothing out that was not scanned. The file's scan_status tells which."},
		{LinkDenied, http.StatusForbidden, "The link is not valid", "The signed address is out of date, altered, or used for something that it was not made for. Ask for a new one."},
		{OriginDenied, http.StatusForbidden, "The page's origin may not open a socket", "A browser sent an Origin that is not this installation's own. Set PLINTH_PUBLIC_URL or PLINTH_HOSTS where it should be allowed."},
		{NotFound, http.StatusNotFound, "There is no such thing", "What the path or a reference in the request names does not exist in this organization."},
		{MethodNotAllowed, http.StatusMethodNotAllowed, "The method is not allowed here", "The Allow header lists the methods that this path knows."},
		{Conflict, http.StatusConflict, "The change collides with another one", "Somebody changed the same things at the same moment, or the request contradicts the present state. Read it again, then decide."},
		{EmailTaken, http.StatusConflict, "This e-mail address cannot be used", "An account with this e-mail address exists. Log in with it instead."},
		{KeyTaken, http.StatusConflict, "The project key is in use", "Another project of this organization has this key. Choose another, or leave it out to have one derived from the name."},
		{NameTaken, http.StatusConflict, "The name is in use", "Another one of the same kind has this name; the entry of errors says which part of the request it is."},
		{AlreadyMember, http.StatusConflict, "Already a member", "The person is a member of it by now: of the organization that you invite to, or of the project that you add to."},
		{LastAdmin, http.StatusConflict, "An organization keeps at least one admin", "The last admin can neither leave nor take a lower role. Make somebody else admin first."},
		{ColumnNotEmpty, http.StatusConflict, "The column still holds tasks", "Move or delete the column's tasks first, the archived ones too."},
		{WipLimit, http.StatusConflict, "The column is full", "The column has a hard limit for its work in progress, and as many tasks. Finish or move one of them first, or have the limit changed."},
		{OptionInUse, http.StatusConflict, "The option is in use", "Tasks have this option of the custom field as their value. Give them another one first."},
		{LinkExists, http.StatusConflict, "The tasks are linked already", "A link of this kind stands between the two tasks."},
		{ScanPending, http.StatusConflict, "The file is being checked", "Nobody gets a file before it has been scanned. Try again in a moment; the event file.scanned tells when."},
		{UploadIncomplete, http.StatusConflict, "The upload is not complete", "What was announced has not arrived, or not all of it. Send it, then complete the upload; or begin another one."},
		{JobEnded, http.StatusConflict, "The job has ended", "What is over cannot be cancelled."},
		{IdempotencyInFlight, http.StatusConflict, "The first request with this key is still running", "Try again in a moment with the same Idempotency-Key; the first answer will be replayed."},
		{InvitationGone, http.StatusGone, "The invitation is not valid any more", "The invitation is unknown, expired, already accepted, or was replaced by a newer one. Ask for a new one."},
		{StaleVersion, http.StatusPreconditionFailed, "Somebody changed it since", "If-Match names another version than the present one. Read it again, look at what changed, and send the change with the new ETag."},
		{TusVersion, http.StatusPreconditionFailed, "Resumable uploads speak another version", "Send the header Tus-Resumable: 1.0.0, the version of the protocol tus that this installation speaks."},
		{TooLarge, http.StatusRequestEntityTooLarge, "The body is too large", "The request body is over this installation's limit."},
		{UnsupportedMediaType, http.StatusUnsupportedMediaType, "The body must be JSON", "Send Content-Type: application/json (PATCH also takes application/merge-patch+json), in UTF-8."},
		{Misdirected, http.StatusMisdirectedRequest, "This host is not served here", "The Host or X-Forwarded-Host of the request is not one of this installation's. Set PLINTH_PUBLIC_URL or PLINTH_HOSTS where it should be."},
		{Validation, http.StatusUnprocessableEntity, "The request is not valid", "Each entry of errors names a place in the request and what is wrong there. Nothing was changed."},
		{IdempotencyMismatch, http.StatusUnprocessableEntity, "The Idempotency-Key belongs to another request", "A key stands for one request. Use a new key for a new request."},
		{UploadLocked, http.StatusLocked, "Another request writes to the upload", "Only one request at a time writes to a resumable upload. Ask how far it is, then go on."},
		{UpgradeRequired, http.StatusUpgradeRequired, "This address speaks WebSocket", "Open it with a WebSocket client (RFC 6455)."},
		{RateLimited, http.StatusTooManyRequests, "Too many requests", "Wait for the time in Retry-After. The headers RateLimit and RateLimit-Policy tell the limits and what is left."},
		{Internal, http.StatusInternalServerError, "Something went wrong on our side", "This is a defect of the server. Tell its operator the request_id."},
		{Unavailable, http.StatusServiceUnavailable, "Not available at the moment", "A part that the answer needs is down or overloaded. Try again after the time in Retry-After; with an Idempotency-Key that is safe for every request."},
	}
}
