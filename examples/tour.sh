#!/usr/bin/env bash
# The README's tour, with every answer checked. It makes an account of its own, so it can be run again and again.
#
#   BASE_URL=http://127.0.0.1:8000 examples/tour.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=$(mktemp)
exec 4>&2 # a command that fails leaves its own redirection in place
ended=false
leave() {
	local status=$?
	if [[ $ended == false ]]; then
		cat "$out" >&4
		echo "tour: a command failed with status $status, see above" >&4
	fi
	rm -f "$out"
}
trap leave EXIT

fail() {
	ended=true
	echo "tour: $1" >&2
	exit 1
}

# step TITLE runs the commands of its here-document in this shell, and prints all three: title, commands, answers.
step() {
	local commands
	commands=$(cat)
	printf '\n# %s\n' "$1"
	sed 's/^/$ /' <<<"$commands"
	eval "$commands" >"$out" 2>&1
	cat "$out"
}

# told REGEX... ends the tour unless the step answered all of this.
told() {
	local regex
	for regex in "$@"; do
		grep -Eq -- "$regex" "$out" || fail "the answer above should have had $regex"
	done
}

uuid='[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}'

for tool in curl node go; do
	command -v "$tool" >/dev/null || fail "$tool is needed and not installed"
done
curl -fsS -o "$out" "${BASE_URL:-http://127.0.0.1:8000}/readyz" ||
	fail "no Plinth answers at ${BASE_URL:-http://127.0.0.1:8000}: start one with make run, or set BASE_URL"

step 'Two helpers: json picks from an answer, api calls as the one who is signed in' <<'END'
export BASE_URL=${BASE_URL:-http://127.0.0.1:8000} TOKEN= ORG=
json() { node -p "JSON.parse(require('fs').readFileSync(0)).$1"; }
api() { curl -sS -X "$1" "$BASE_URL$2" -H "Authorization: Bearer $TOKEN" -H "X-Org-Id: $ORG" -H 'Content-Type: application/json' "${@:3}"; }
END

step 'Sign up' <<'END'
EMAIL=ada.$(date +%s).$RANDOM@example.com
TOKEN=$(api POST /v1/auth/signup -d '{"email":"'$EMAIL'","password":"nine loud geese in may","name":"Ada"}' | json access_token)
api GET /v1/me
END
told "\"email\":\"$EMAIL\"" '"orgs":\[\]'

step 'Make an organization, a project and a kanban board' <<'END'
ORG=$(api POST /v1/orgs -d '{"name":"Analytical Engines"}' | json id)
PROJECT=$(api POST /v1/projects -d '{"name":"Mobile app","key":"APP"}' | json id)
BOARD=$(api POST /v1/projects/$PROJECT/boards -d '{"name":"Sprint","template":"kanban"}' | json id)
TODO=$(api GET /v1/boards/$BOARD | json 'columns.find(c => c.status == "todo").id')
echo "organization $ORG, board $BOARD, column $TODO"
END
told "^organization $uuid, board $uuid, column $uuid\$"

step 'Create tasks: they are numbered under the key of the project' <<'END'
api POST /v1/columns/$TODO/tasks -d '{"title":"Fix the login button","priority":"high"}' | json key
api POST /v1/columns/$TODO/tasks -d '{"title":"Write the release notes","due_at":"2030-05-01T12:00:00Z"}' | json key
END
told '^APP-1$' '^APP-2$'

step 'Move one: the board has a column for work in progress' <<'END'
api PATCH /v1/tasks/APP-1 -d '{"status":"in_progress"}' | json status
END
told '^in_progress$'

step 'Comment on it' <<'END'
api POST /v1/tasks/APP-1/comments -d '{"body":"Happens on old phones only."}'
END
told '"body":"Happens on old phones only."'

step 'Retry safely: the same key and body give the first answer again, not a second task' <<'END'
api POST /v1/columns/$TODO/tasks -H 'Idempotency-Key: stickers' -d '{"title":"Order stickers"}' | json key
api POST /v1/columns/$TODO/tasks -H 'Idempotency-Key: stickers' -d '{"title":"Order stickers"}' -D - -o /dev/null | grep -i idempotency
api GET '/v1/tasks?q=stickers' | json items.length
END
told '^APP-3$' '^[Ii]dempotency-[Rr]eplayed: true' '^1$'

step 'Change what nobody else has changed: the second If-Match is stale' <<'END'
api PATCH /v1/tasks/APP-2 -H 'If-Match: "1"' -d '{"priority":"medium"}' | json version
api PATCH /v1/tasks/APP-2 -H 'If-Match: "1"' -d '{"priority":"urgent"}' | json type
END
told '^2$' '^/problems/stale-version$'

step 'List with filters, or with an expression; search forgives a slip' <<'END'
api GET '/v1/tasks?status=todo&due_before=2031-01-01T00:00:00Z&sort=due_at' | json 'items.map(t => t.key + " " + t.title).join("\n")'
api GET /v1/tasks -G -d fields=key --data-urlencode 'filter=priority >= medium AND NOT due_at = null' | json 'items.map(t => t.key)'
api GET '/v1/tasks?q=logn%20buton' | json 'items[0].key'
END
told '^APP-2 Write the release notes$' "^\\[ 'APP-2' \\]$" '^APP-1$'

step 'Give the project a field of its own, and save a view of it' <<'END'
api POST /v1/projects/$PROJECT/fields -d '{"name":"Severity","type":"select","options":[{"name":"High"},{"name":"Low"}]}' | json key
api PATCH /v1/tasks/APP-1 -d '{"fields":{"severity":"high"},"estimate":3}' | json fields.severity
VIEW=$(api POST /v1/views -d '{"name":"Worst first","visibility":"organization","filter":"fields.severity = \"high\"","sort":"-priority"}' | json id)
api GET /v1/views/$VIEW/tasks | json 'items.map(t => t.key)'
END
told '^severity$' '^high$' "^\\[ 'APP-1' \\]$"

step 'Let one task block another, write a checklist, and read what happened' <<'END'
api POST /v1/tasks/APP-2/links -d '{"kind":"blocked_by","task_id":"APP-1"}' | json kind
api GET /v1/tasks/APP-2 | json blocked
api POST /v1/tasks/APP-2/checklist -d '{"text":"Ask the support team"}' | json checked
api GET /v1/tasks/APP-1/activity | json 'items.map(i => i.type + " " + i.changes.map(c => c.field)).join("\n")'
END
told '^blocked_by$' '^true$' '^false$' '^task.updated .*estimate' '^task.moved .*column_id'

step 'Attach a file, and get it back' <<'END'
TASK=$(api GET /v1/tasks/APP-1 | json id)
FILE=$(curl -sS "$BASE_URL/v1/files/upload" -H "Authorization: Bearer $TOKEN" -H "X-Org-Id: $ORG" -F file=@README.md -F task_id=$TASK | json id)
api GET /v1/files/$FILE | json scan_status
api GET /v1/files/$FILE/download -L | sed -n 1p
END
told '^skipped$' '^# Plinth$'

step 'Limit the work in progress, and change many tasks at once' <<'END'
DOING=$(api GET /v1/boards/$BOARD | json 'columns.find(c => c.status == "in_progress").id')
api PATCH /v1/columns/$DOING -d '{"wip_limit":1,"wip_mode":"hard"}' | json wip_mode
api PATCH /v1/tasks/APP-3 -d '{"status":"in_progress"}' | json type
api POST /v1/tasks/bulk -d '{"mode":"each","operations":[{"op":"update","task":"APP-2","set":{"priority":"high"}},{"op":"archive","task":"APP-3"}]}' | json succeeded
END
told '^hard$' '^/problems/wip-limit$' '^2$'

step 'Draw the whole board from one answer, which also tells where to follow on' <<'END'
api GET "/v1/boards/$BOARD/snapshot?group_by=priority" | json 'columns.map(c => c.name + " " + c.task_count).join("\n")'
END
told '^In progress 1$'

step 'Watch it live: open a WebSocket, move a task, read the event' <<'END'
exec 3< <(go run ./examples/listen -n 2 -for 1m)
read -r HELLO <&3; echo "$HELLO"
api PATCH /v1/tasks/APP-1 -d '{"status":"done"}' | json status
read -r EVENT <&3; echo "$EVENT"
END
told '^{"type":"hello"' '^done$' '^{"type":"task.moved".*"status":"done"'

ended=true
printf '\nThat was the tour. More: %s/docs\n' "$BASE_URL"
