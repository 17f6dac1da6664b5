# Fetches and unpacks Debian's source package of hello into FOLDER/src, signatures checked as APT does.
# Its own APT state: the host's may have no source packages enabled, and is left alone.
set -e
cd "$1"
mkdir -p lists/partial archives/partial src
. /etc/os-release
apt-get indextargets --format 'deb-src $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' \
  "Release: $VERSION_CODENAME" | grep ' main$' | sort -u >sources.list
set -- -q -o Dir::Etc::sourcelist="$PWD/sources.list" -o Dir::Etc::sourceparts=/dev/null \
  -o Dir::State::lists="$PWD/lists" -o Dir::Cache="$PWD" -o APT::Sandbox::User=root
apt-get "$@" update
cd src
apt-get "$@" source hello
