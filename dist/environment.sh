# What the scripts of this folder share; `source` it. Sets `here` and `root`, finds the tools of `make dist-tools`, and
# exports these, unless they are set:
#
# DIST               where artifacts go (.build/dist)
# PYTHON             a Python for the scripts (python3)
# SOURCE_DATE_EPOCH  the time that archives carry: that of the last commit; 1980, the first that a zip file knows,
#                    where there is no git
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
for folder in "$root/.build/dist-tools/bin" "$root/.build/dist-tools/Scripts"; do
    if [ -d "$folder" ]; then PATH=$folder:$PATH; fi
done
export DIST=${DIST:-$root/.build/dist} PYTHON=${PYTHON:-python3}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 315532800)}
export SOURCE_DATE_EPOCH
