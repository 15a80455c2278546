#!/bin/bash
# The packages, the kernel tree and the mails of the demo.
#
#   demo-tree.sh packages              installs what is missing (as root), else says what to install
#   demo-tree.sh tree                  prints the bare repository of the kernel tree, made if needed
#   demo-tree.sh mails TREE MBOX OUT   the example list with its commit ids as they are in TREE
#
# Everything is kept in $PATCHMILL_CACHE (~/.cache/patchmill), outside the clone.
set -euo pipefail
shopt -s inherit_errexit

demo_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
demo_cache=${PATCHMILL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/patchmill}
demo_tarball=/usr/src/linux-source-6.1.tar.xz

demo_packages() {
    local wanted=(linux-source-6.1 gcc make flex bison bc libelf-dev libssl-dev cpio perl git xz-utils
        busybox-static bubblewrap) missing=() name
    for name in "${wanted[@]}"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
    done
    ((${#missing[@]})) || return 0
    if [[ $(id -u) != 0 ]]; then
        echo "demo: packages are missing; run: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
        return 1
    fi
    echo "demo: installing ${missing[*]}" >&2
    local apt=(apt-get -o DPkg::Lock::Timeout=900 -qq) log
    log=$(mktemp)
    if ! { DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "${missing[@]}" ||
        { "${apt[@]}" update &&
            DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; }; } > "$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# git without the settings of whoever runs the demo: the same commits everywhere.
demo_git() {
    env -u GIT_DIR -u GIT_WORK_TREE -u GIT_INDEX_FILE GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null \
        HOME=/nonexistent "${demo_env[@]}" git "$@"
}
demo_env=(TZ=UTC LC_ALL=C)

# demo_commit REPO PARENT TREE NAME EMAIL DATE < message: prints the commit.
demo_commit() {
    local demo_env=(TZ=UTC LC_ALL=C "GIT_AUTHOR_NAME=$4" "GIT_AUTHOR_EMAIL=$5" "GIT_AUTHOR_DATE=$6"
        "GIT_COMMITTER_NAME=$4" "GIT_COMMITTER_EMAIL=$5" "GIT_COMMITTER_DATE=$6")
    demo_git -C "$1" commit-tree -p "$2" "$3"
}

# The few commits of examples/demo/history on top of Debian's source.
demo_history() {
    local repository=$1 parent=$2 history=$demo_root/examples/demo/history work patch tree blob
    work=$(mktemp -d)
    local demo_env=(TZ=UTC LC_ALL=C "GIT_INDEX_FILE=$work/index")
    demo_git -C "$repository" read-tree "$parent"
    blob=$(demo_git -C "$repository" hash-object -w --stdin < "$history/MAINTAINERS")
    demo_git -C "$repository" update-index --add --cacheinfo "100644,$blob,MAINTAINERS"
    tree=$(demo_git -C "$repository" write-tree)
    parent=$(printf '%s\n\n%s\n' 'MAINTAINERS: name the people of the demo tree' \
        'Signed-off-by: Ada Grist <ada@example.org>' |
        demo_commit "$repository" "$parent" "$tree" 'Ada Grist' ada@example.org '2026-01-12T09:00:00+0000')
    for patch in "$history"/*.patch; do
        demo_git mailinfo "$work/message" "$work/diff" < "$patch" > "$work/info"
        demo_git -C "$repository" apply --cached --whitespace=nowarn "$work/diff"
        tree=$(demo_git -C "$repository" write-tree)
        parent=$({ sed -n 's/^Subject: //p' "$work/info"; echo; cat "$work/message"; } |
            demo_commit "$repository" "$parent" "$tree" "$(sed -n 's/^Author: //p' "$work/info")" \
                "$(sed -n 's/^Email: //p' "$work/info")" "$(sed -n 's/^Date: //p' "$work/info")")
    done
    rm -rf "$work"
    demo_git -C "$repository" update-ref refs/heads/master "$parent"
}

demo_tree() {
    if [[ ! -r $demo_tarball ]]; then
        echo "demo: $demo_tarball is missing; install Debian's package linux-source-6.1" >&2
        return 1
    fi
    local version key repository building
    version=$(dpkg-query -W -f '${Version}' linux-source-6.1)
    # Changed history or importer: another repository.
    key=$(cat "$demo_root"/examples/demo/history/* "$demo_root/script/lib/tar-to-fast-import.pl" | sha256sum)
    repository=$demo_cache/trees/linux-${version//[^A-Za-z0-9.+-]/_}-${key:0:8}.git
    mkdir -p "$demo_cache/trees"
    (
        flock 9
        if [[ ! -d $repository ]]; then
            echo "demo: making a git repository of Debian's linux-source-6.1 ($version)" >&2
            rm -rf "$demo_cache"/trees/building.*
            building=$(mktemp -d "$demo_cache/trees/building.XXXXXX")
            demo_git init -q --bare -b master "$building"
            # One pass from the archive into a pack, deltas off: a third of the time of `git add`.
            xz -T0 -dc "$demo_tarball" |
                perl "$demo_root/script/lib/tar-to-fast-import.pl" --cut-ignore --ref refs/heads/master \
                    --date 1767603600 --name 'Ada Grist' --email ada@example.org \
                    --message "Linux as in Debian's linux-source-6.1 $version" |
                demo_git -C "$building" -c core.compression=1 -c pack.compression=1 fast-import --quiet --depth=0
            demo_history "$building" "$(demo_git -C "$building" rev-parse refs/heads/master)"
            chmod 755 "$building"
            mv "$building" "$repository"
        fi
        ln -sfn "${repository##*/}" "$demo_cache/trees/linux-6.1.git"
    ) 9> "$demo_cache/trees/lock"
    printf '%s\n' "$repository"
}

# Commit ids in the mails are those of one version of Debian's package; with another the demo's
# commits have other ids, found by their subjects (examples/list/commits.tsv).
demo_mails() {
    local tree=$1 mbox=$2 out=$3 list subject id now edits=()
    list=$(dirname "$mbox")
    while IFS=$'\t' read -r id subject; do
        [[ $id == \#* || -z $id ]] && continue
        if [[ $subject == Linux\ as\ in\ Debian* ]]; then
            now=$(demo_git -C "$tree" rev-list --max-parents=0 master)
        else
            now=$(demo_git -C "$tree" log --format='%H%x09%s' master |
                awk -F '\t' -v subject="$subject" '$2 == subject {print $1}')
        fi
        edits+=(-e "s/$id/$now/g" -e "s/\\b${id:0:12}\\b/${now:0:12}/g")
    done < "$list/commits.tsv"
    sed "${edits[@]}" "$mbox" > "$out"
}

case ${1:-} in
packages) demo_packages ;;
tree) demo_tree ;;
mails) demo_mails "$2" "$3" "$4" ;;
*)
    echo "usage: $0 packages | tree | mails TREE MBOX OUT" >&2
    exit 2
    ;;
esac
