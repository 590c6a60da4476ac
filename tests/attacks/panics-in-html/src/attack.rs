//! Words for whoever shows them unread.

use raftapi::Context;

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    panic!(
        "=HYPERLINK(\"http://127.0.0.1/\",\"a formula\"),+1,-1,@SUM(A1)\t|\r\n\
         </pre></script><script>document.title = 'raftlab-attack-title'</script>\n\
         <!--<img src=x onerror=\"document.title='raftlab-attack-title'\"> ' onload='x\n\
         ::error::::set-output name=score::100\n\
         \u{1b}]0;raftlab-attack-title\u{7}\u{1b}[2J\u{1b}[1;31m\u{9b}2J\u{202e}\u{2066}\u{feff}\u{0}\u{8}\n\
         ]]> &lt; &#60;script> \\u003cscript> {{{{ 7*7 }}}} $(touch raftlab-attack) `touch x` %s%n\n\
         [a](javascript:document.title=1) | a | table | row |"
    );
}
