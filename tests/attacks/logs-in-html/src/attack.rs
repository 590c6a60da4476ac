//! Tags in what timelines show.

use raftapi::{AppendEntries, Context, Entry, Stable};

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    let command =
        "</script><script>document.title='raftlab-attack-title'</script>\u{1b}[2J\u{2028}";
    log::error!("{command}");
    let entry = Entry {
        term: 1,
        command: command.to_string(),
    };
    let log = vec![entry.clone()];
    ctx.persist(&Stable {
        current_term: 1,
        voted_for: None,
        log,
    });
    for peer in ctx.peers() {
        ctx.call(
            peer,
            AppendEntries {
                term: 1,
                leader_id: ctx.me(),
                prev_log_index: 0,
                prev_log_term: 0,
                entries: vec![entry.clone()],
                leader_commit: 0,
            },
        );
    }
}
