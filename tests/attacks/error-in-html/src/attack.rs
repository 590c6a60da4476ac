//! An error message for whoever shows it unread.

use raftapi::Context;

compile_error!(
    "=HYPERLINK(\"http://127.0.0.1/\",\"a formula\")\n\
     </pre></script><script>document.title = 'raftlab-attack-title'</script>\n\
     <img src=x onerror=alert(1)> | [a](javascript:alert(1)) \n\
     ::error::\u{1b}]0;raftlab-attack-title\u{7}\u{1b}[2J\u{1b}[31m\u{202e} ]]> --> \u{0}"
);

pub fn begin(_: &Context<'_>) {}
