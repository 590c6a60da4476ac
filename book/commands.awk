# The commands of a chapter, as README.md describes them: of each block that begins with ```console, a line
#
#   line TAB expected exit code TAB quoted output, or - TAB command
#
# and of each <!-- shows: words -->, a line with `shows` in the place of the code.
# Whatever else looks like a command is refused: it would be in the book and not be run.

function wrong(what) { printf "%s:%d: %s\n", FILENAME, FNR, what > "/dev/stderr"; failed = 1 }

BEGIN { OFS = "\t" }

/^```/ && inside == "" {
    inside = $0
    sub(/^```/, "", inside)
    if (inside == "") inside = "text"
    if (inside ~ /^console/) {
        code = 0
        if (inside ~ /,exit=[0-9]+$/) { code = inside; sub(/.*,exit=/, "", code) }
        else if (inside != "console") wrong("a block of commands begins with ```console or ```console,exit=CODE")
        start = FNR; command = ""; out = "-"
    }
    next
}

/^```/ {
    if (inside ~ /^console/) {
        if (command == "") wrong("a console block without a command: write one as '$ command'")
        else print start, code, out, command
    }
    inside = ""
    next
}

inside ~ /^console/ && /^\$ / {
    if (command != "") wrong("a second command in one block: give it a block of its own")
    command = substr($0, 3)
    next
}
inside ~ /^console/ && /^\{\{#include out\/[a-z0-9-]+\.txt(:[a-z0-9:]+)?\}\}$/ {
    out = $0
    sub(/^.*out\//, "", out)
    sub(/\.txt.*$/, "", out)
    next
}
inside ~ /^console/ { wrong("output that is written by hand: write {{#include out/NAME.txt}}"); next }
inside != "" && /^\$ / { wrong("a command in a block that is not run: begin it with ```console") }

/^<!-- shows: .* -->$/ {
    if (out == "" || out == "-") { wrong("'shows' belongs below a block that includes its output"); next }
    words = $0
    sub(/^<!-- shows: /, "", words)
    sub(/ -->$/, "", words)
    print FNR, "shows", out, words
}

END {
    if (inside != "") wrong("a block that does not end")
    exit failed
}
