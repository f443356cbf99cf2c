//! The rows that an append sends, as `ledger_append` takes them (`0006_append.sql`, `0014_outcome_digest.sql`).

use ledger_app::store::{JudgedCommand, NewEvent, StateWrite};
use ledger_domain::values::Date;
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::types::PgRecordEncoder;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo};
use sqlx::{Postgres, Type};
use uuid::Uuid;

use crate::rows::{FactsRow, signed};

/// Lets values of the Rust type be sent as those of a type of the database, field by field, in its order.
macro_rules! record {
    ($rust:ty, $name:literal, $($($field:ident).+),+ $(,)?) => {
        impl Type<Postgres> for $rust {
            fn type_info() -> PgTypeInfo {
                PgTypeInfo::with_name($name)
            }
        }

        impl PgHasArrayType for $rust {
            fn array_type_info() -> PgTypeInfo {
                PgTypeInfo::array_of($name)
            }
        }

        impl Encode<'_, Postgres> for $rust {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let mut record = PgRecordEncoder::new(buffer);
                $(record.encode(&self.$($field).+)?;)+
                record.finish();
                Ok(IsNull::No)
            }
        }
    };
}

/// A row of `commands`.
#[derive(Debug)]
pub(crate) struct CommandRow<'b> {
    command_id: Uuid,
    license: &'b str,
    on_date: Date,
    content_digest: &'b [u8],
    content: &'b str,
    actor_name: &'b str,
    actor_role: &'static str,
    accepted: bool,
    outcome: &'b str,
    outcome_digest: &'b [u8],
}

record!(
    CommandRow<'_>,
    "ledger_command",
    command_id,
    license,
    on_date,
    content_digest,
    content,
    actor_name,
    actor_role,
    accepted,
    outcome,
    outcome_digest,
);

/// A row of `events`, with the number of its command in the batch, counted from 1.
#[derive(Debug)]
pub(crate) struct EventRow<'b> {
    command: i32,
    stream_type: &'static str,
    stream_id: &'b str,
    sequence: i64,
    event_type: &'static str,
    event_version: &'static str,
    payload: &'b str,
    order_number: Option<&'b str>,
}

record!(
    EventRow<'_>,
    "ledger_event",
    command,
    stream_type,
    stream_id,
    sequence,
    event_type,
    event_version,
    payload,
    order_number,
);

/// What becomes of a license.
#[derive(Debug)]
pub(crate) struct StateRow<'b> {
    /// Which of the batch's facts are its, counted from 1.
    facts: i32,
    base_version: i64,
    base_state: Option<&'b str>,
    fold: i64,
    state: &'b str,
}

record!(StateRow<'_>, "ledger_state", facts, base_version, base_state, fold, state);

record!(
    FactsRow,
    "ledger_facts",
    license,
    version,
    on_date,
    product,
    license_type,
    status,
    holder_name,
    holder_inn,
    holder_country,
    partner_name,
    partner_level,
    users,
    antivirus,
    web_filter,
    active_sync,
    anti_spam,
    swm_starts,
    swm_ends,
    trial_ends,
    certified,
    installed_version,
    pending.pending_order,
    pending.pending_on,
    pending.pending_kind,
    pending.pending_swm_years,
    pending.pending_antivirus,
    pending.pending_web_filter,
    pending.pending_active_sync,
    pending.pending_anti_spam,
    pending.pending_fstek,
    pending.pending_users,
    pending.pending_partner_name,
    pending.pending_partner_level,
    servers_online,
    split_from,
    merged_into,
);

impl<'b> From<&'b JudgedCommand> for CommandRow<'b> {
    fn from(command: &'b JudgedCommand) -> Self {
        Self {
            command_id: command.command_id,
            license: command.license.as_str(),
            on_date: command.on,
            content_digest: &command.content_digest,
            content: &command.content,
            actor_name: &command.actor.name,
            actor_role: command.actor.role.name(),
            accepted: command.accepted,
            outcome: &command.outcome,
            outcome_digest: &command.outcome_digest,
        }
    }
}

impl<'b> EventRow<'b> {
    /// The event of the batch's command of that number.
    pub(crate) fn new(command: i32, event: &'b NewEvent) -> Self {
        Self {
            command,
            stream_type: event.stream_type,
            stream_id: &event.stream_id,
            sequence: signed(event.sequence),
            event_type: event.event_type,
            event_version: event.event_version,
            payload: &event.payload,
            order_number: event.order_number.as_deref(),
        }
    }
}

impl<'b> StateRow<'b> {
    /// The state, whose facts are the batch's of that number.
    pub(crate) fn new(facts: i32, write: &'b StateWrite) -> Self {
        Self {
            facts,
            base_version: signed(write.base_version),
            base_state: write.base_state.as_deref(),
            fold: i64::from(write.fold),
            state: &write.state,
        }
    }
}
