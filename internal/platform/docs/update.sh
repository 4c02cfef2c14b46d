#!/bin/sh
# Refreshes assets/swagger-ui from the npm package swagger-ui-dist at the version below.
# The unpacked files must match swagger-ui.sha256. To move to another version, change
# "version" and run "./update.sh --accept", which writes the new sums: review them.
set -eu
version=5.35.0

cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm pack --silent --pack-destination "$work" "swagger-ui-dist@$version" >/dev/null
tar -xzf "$work"/*.tgz -C "$work"

set -- "${1:-}" swagger-ui-bundle.js swagger-ui.css swagger-ui-bundle.js.LICENSE.txt LICENSE NOTICE
mode=$1
shift
(cd "$work/package" && sha256sum "$@") >"$work/sums"
if [ "$mode" = --accept ]; then
	cp "$work/sums" swagger-ui.sha256
fi
diff -u swagger-ui.sha256 "$work/sums"

rm -rf assets/swagger-ui
mkdir -p assets/swagger-ui
for name in "$@"; do
	case $name in
	*.js | *.css) gzip -9nc "$work/package/$name" >"assets/swagger-ui/$name.gz" ;;
	*) cp "$work/package/$name" "assets/swagger-ui/$name" ;;
	esac
done
# npm archives carry file times and modes of their own.
chmod 644 assets/swagger-ui/*
