//! `post` and `quote`: commands in, an outcome for each out, in the same order.

use std::io::{self, Write, stdout};
use std::path::PathBuf;
use std::sync::Arc;

use ledger_app::edition::EditionError;
use ledger_app::ledger::Ledger;
use ledger_app::outcome::Answered;
use ledger_app::post::{InputLine, PostContext, Posted};
use ledger_app::poster::Poster;
use ledger_app::quote::QuoteSession;
use ledger_app::writer::Writer;

use crate::actor::system_user;
use crate::exit::{Ended, Failure, note};
use crate::given::cannot_read;
use crate::output::words::counted;
use crate::progress::Progress;
use crate::run::Run;
use crate::source::Source;
use crate::tally::Tally;

const AFTER_POST: &str = "\
Every outcome that was printed is in the ledger, whatever happens afterwards. After a failure post the same input \
again: a command that is in the ledger is answered with its first outcome, \"replayed\": true, and changes nothing. \
Files given by --catalog and --prices become the ledger's current ones.

Examples:
  license-ledger post orders.ndjson > outcomes.ndjson
  license-ledger post --prices prices-2013.csv orders.ndjson
  echo '{\"command_id\": \"0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d\", \"license\": \"10101-ABC12\",' \\
       '\"command\": {\"type\": \"activate_license\"}}' | license-ledger post";

const AFTER_QUOTE: &str = "\
Examples:
  license-ledger quote orders.ndjson
  license-ledger quote --prices prices-2013.csv orders.ndjson | jq '.price.total'";

/// Post commands: NDJSON in, one outcome per line out
///
/// Takes one command a line, as a JSON object, and prints one outcome a line, in the same order. Each command is
/// accepted or refused by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_POST)]
pub(crate) struct PostArgs {
    /// The commands; without a file, standard input
    file: Option<PathBuf>,
}

/// Judge and price commands without writing anything
///
/// Takes commands and prints outcomes as `post` does. Each command is judged as if those before it had been posted.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_QUOTE)]
pub(crate) struct QuoteArgs {
    /// The commands; without a file, standard input
    file: Option<PathBuf>,
}

/// Posts the commands.
pub(crate) async fn post(run: &Run<'_>, args: &PostArgs) -> Ended {
    let source = Source::open(args.file.as_deref()).await?;
    let ledger = Arc::new(warned(run, run.ledger_to_write().await)?);
    let ended = answer_all(run, Desk::Post(Writer::start(Arc::clone(&ledger))), source).await?;
    if let Err(error) = ledger.settle().await {
        // No failure of this run: whoever opens the ledger next goes on from here.
        note(&format!("every command is in the ledger; its events are put in order later: {error}"));
    }
    Ok(ended)
}

/// Quotes the commands.
pub(crate) async fn quote(run: &Run<'_>, args: &QuoteArgs) -> Ended {
    let source = Source::open(args.file.as_deref()).await?;
    let ledger = warned(run, run.ledger().await)?;
    answer_all(run, Desk::Quote(&ledger, QuoteSession::default()), source).await
}

/// Warns of given prices that look mistaken (SWM-4); they are used all the same.
fn warned(run: &Run<'_>, ledger: Result<Ledger, EditionError>) -> Result<Ledger, Failure> {
    let ledger = ledger?;
    let findings = ledger.edition().findings.len();
    if run.files_are_given() && findings > 0 {
        let rows = counted(u64::try_from(findings).unwrap_or(u64::MAX), "row looks", "rows look");
        note(&format!("warning: {rows} mistaken in the price list (SWM-4); `license-ledger catalog check` lists them"));
    }
    Ok(ledger)
}

/// Who answers.
enum Desk<'l> {
    /// Records, and answers after the commit.
    Post(Writer),
    /// Only says what posting would do.
    Quote(&'l Ledger, QuoteSession),
}

impl Desk<'_> {
    async fn answer(&mut self, lines: &[InputLine], context: PostContext) -> Posted {
        match self {
            Self::Post(writer) => writer.post_all(lines, context).await,
            Self::Quote(ledger, session) => ledger.quote(session, lines, &context).await,
        }
    }

    /// The outcomes of a group cannot be printed.
    fn unprinted(&self, error: io::Error, lines: &[InputLine]) -> Failure {
        match (self, lines.last()) {
            // Unlike other readers, whoever posts must learn that the ledger holds more than was printed.
            (Self::Post(_), Some(last)) => Failure::Usage(format!(
                "standard output cannot be written: {error}; the commands up to line {} are in the ledger: \
                 post the same input again to have their outcomes",
                last.number
            )),
            _ => Failure::Output(error),
        }
    }
}

async fn answer_all(run: &Run<'_>, desk: Desk<'_>, mut source: Source) -> Ended {
    let mut tally = Tally::new();
    let progress = Progress::new(source.total_bytes);
    let ended = answer_groups(run, desk, &mut source, &mut tally, &progress).await;
    progress.end();
    if tally.commands() > 0 {
        note(&tally.summary());
    } else if ended.is_ok() {
        let name = source.name;
        return Err(Failure::Usage(format!("there is no command in {name}; give one JSON object a line")));
    }
    ended.map(|()| tally.status())
}

async fn answer_groups(
    run: &Run<'_>,
    mut desk: Desk<'_>,
    source: &mut Source,
    tally: &mut Tally,
    progress: &Progress,
) -> Result<(), Failure> {
    let actor = system_user();
    while let Some(lines) = source.groups.next().await.map_err(|error| cannot_read(&source.name, &error))? {
        // A run can go on past midnight.
        let context = PostContext::new(run.today(), Poster::local(actor.clone()));
        let posted = desk.answer(&lines, context).await;
        tally.add(&posted.answered);
        print(&posted.answered).map_err(|error| desk.unprinted(error, &lines))?;
        progress.show(source.groups.bytes_read(), tally.commands());
        if let Some(error) = posted.failed {
            let remedy = "what was answered is in the ledger; post the same input again when that is mended, nothing is done twice";
            return Err(Failure::Store(error, matches!(desk, Desk::Post(_)).then(|| remedy.to_owned())));
        }
    }
    Ok(())
}

/// Prints the outcomes of a group, one a line.
fn print(answers: &[Answered]) -> io::Result<()> {
    let mut lines = Vec::new();
    for answer in answers {
        lines.extend_from_slice(answer.json.as_bytes());
        lines.push(b'\n');
    }
    let mut out = stdout().lock();
    out.write_all(&lines)?;
    out.flush()
}
