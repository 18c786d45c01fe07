# Read by the scripts that fetch Debian packages without installing them: apt with a root of its own, from the
# mirror that this machine is set up with, verified by Debian's own keyring.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# open_private_apt FOLDER ARCHITECTURE/SUITE...: reads the package lists (architecture `source`: of sources).
# Afterwards `apt` is apt-get with FOLDER, which keeps its downloads in FOLDER/archives. With $apt_architecture
# set, it looks for what packages depend on as if the machine were one of that architecture.
open_private_apt() {
    local mirror
    apt_root=$1
    local machine=${apt_architecture:-$(dpkg --print-architecture)}
    shift
    [ -r "$keyring" ] || { echo "the package debian-archive-keyring is missing" >&2; return 1; }
    . /etc/os-release
    mirror=$(apt-get indextargets --format '$(SITE)' "Created-By: Packages" "Codename: ${VERSION_CODENAME:?}" | sort -u | head -n 1)
    [ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(SITE)' | head -n 1)
    [ -n "$mirror" ] || { echo "apt knows no mirror: run apt-get update first" >&2; return 1; }
    rm -rf "$apt_root"
    mkdir -p "$apt_root"/{etc/preferences.d,etc/apt.conf.d,lists/partial,archives/partial}
    touch "$apt_root/status"
    # One line per suite, with all architectures that are wanted of it.
    printf '%s\n' "$@" | sort -u | awk -F/ -v key="$keyring" -v mirror="$mirror" '
        $1 == "source" { sources[$2]; next }
        { binaries[$2] = binaries[$2] (binaries[$2] == "" ? "" : ",") $1 }
        END {
            for (suite in binaries) print "deb [signed-by=" key " arch=" binaries[suite] "] " mirror, suite, "main"
            for (suite in sources) print "deb-src [signed-by=" key "] " mirror, suite, "main"
        }' >"$apt_root/etc/sources.list"
    # The machine's own settings (proxies and the like), then ours on top.
    cat >"$apt_root/apt.conf" <<CONF
Dir::Etc "$apt_root/etc";
Dir::Etc::sourcelist "$apt_root/etc/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "$apt_root";
Dir::State::status "$apt_root/status";
Dir::State::lists "$apt_root/lists";
Dir::Cache "$apt_root";
Dir::Cache::archives "$apt_root/archives";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
APT::Architecture "$machine";
APT::Architectures { $( (echo "$machine"; printf '%s\n' "${@%/*}") | sed '/^source$/d; s/.*/"&";/' | sort -u) };
Acquire::Languages "none";
APT::Sandbox::User "root";
CONF
    apt update || { echo "cannot read the package lists of $mirror" >&2; return 1; }
}
apt() { command apt-get -q=2 -c "$apt_root/apt.conf" "$@"; }
