# Shared by the scripts: messages, packages, the build. Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Debian packages that the build needs, and those that live tests and the demo need beside them.
build_packages=(libnetfilter-queue-dev libmnl-dev libpcap-dev libmaxminddb-dev libpcre2-dev libhyperscan-dev pkg-config)
live_packages=(iptables nftables iproute2 nginx-light curl openssl iputils-ping python3 procps)

# The package traits that scripts and CI build with; a plain `swift build` has none of them.
traits=GeoIP,Hyperscan,PCRE2

# need_packages NAME...: installs what is missing, if we may.
need_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$name")
    done
    ((${#missing[@]} == 0)) && return 0
    command -v apt-get >/dev/null || die "missing: ${missing[*]} (Debian package names); install them and run this again"
    if ((EUID != 0)); then
        die "missing packages; run: sudo apt-get install ${missing[*]}"
    fi
    say "Installing ${missing[*]}"
    # nginx would start serving on port 80 of this host: it is only needed as a program.
    mkdir -p /run/weir-setup
    local policy=/usr/sbin/policy-rc.d placed=0
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && placed=1
    fi
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
        >/run/weir-setup/apt.log 2>&1 || { tail -20 /run/weir-setup/apt.log >&2; ((placed)) && rm -f "$policy"; die "apt-get failed"; }
    ((placed)) && rm -f "$policy"
    return 0
}

need_swift() {
    command -v swift >/dev/null || die "Swift 6.2 or later is needed: https://www.swift.org/install/linux/"
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -1)
    read -r major minor <<<"${version:-0 0}"
    ((major > 6 || (major == 6 && minor >= 2))) || die "Swift 6.2 or later is needed, this is $major.$minor"
}

# build_release: the program, optimised; its path in $weir.
build_release() {
    say "Building Weir (the first build takes some minutes)"
    swift build -c release --traits "$traits" --product weir 2>&1 | progress
    ((PIPESTATUS[0] == 0)) || die "the build failed"
    weir=$(swift build -c release --traits "$traits" --show-bin-path)/weir
}

# progress: the build's output in one line that rewrites itself on a terminal, errors and warnings in full.
progress() {
    if [[ -t 1 ]]; then
        awk '/error:|warning:/ { printf "\r\033[K%s\n", $0; next }
             /^\[[0-9]+\/[0-9]+\]/ { printf "\r\033[K    %s", substr($0, 1, 90); fflush() }
             END { printf "\r\033[K" }'
    else
        # awk, for grep fails where nothing matches, and a build with nothing to do is no failure.
        awk '/error:|warning:|Compiling|Build .*complete/ && !/^\[[0-9]+\/[0-9]+\] (Write|Emitting)/' | tail -n 40
    fi
}

# can_go_live: root, namespaces and a netfilter queue.
can_go_live() {
    ((EUID == 0)) || { why_not_live="not root"; return 1; }
    local probe="weir-probe-$$"
    ip netns add "$probe" 2>/dev/null || { why_not_live="network namespaces are not available"; return 1; }
    local ok=1
    local ipt
    for ipt in iptables iptables-legacy; do
        command -v "$ipt" >/dev/null || continue
        ip netns exec "$probe" "$ipt" -t mangle -A FORWARD -j NFQUEUE --queue-num 0 2>/dev/null && ok=0 && break
    done
    if ((ok != 0)) && ip netns exec "$probe" nft 'add table inet p; add chain inet p c { type filter hook forward priority 0; }; add rule inet p c queue' 2>/dev/null; then ok=0; fi
    ip netns del "$probe" 2>/dev/null
    ((ok == 0)) || why_not_live="the kernel has no netfilter queue"
    return $ok
}
