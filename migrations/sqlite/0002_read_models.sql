-- The read models: what the events made of each license, as columns. They hold facts (when SWM ends), never answers
-- that age (whether it is active): EXP-5. They are written with the events, in the same transaction, and
-- `license-ledger rebuild` makes them anew. Formats of days and instants: see 0001. Flags are 0 or 1.

-- One row per license: how it stands now.
CREATE TABLE current_entitlement
(
  license               text    NOT NULL, -- license number
  version               integer NOT NULL, -- sequence of the last event, from 1
  on_date               text    NOT NULL, -- business date of that event
  recorded_at           text    NOT NULL, -- instant at which that event was recorded
  product               text    NOT NULL, -- connect, control, operator (CAT-1)
  license_type          text    NOT NULL, -- commercial, government, education, fstek (CAT-3)
  status                text    NOT NULL, -- ordered, trial, active, blocked, closed
  holder_name           text    NOT NULL, -- who holds it
  holder_inn            text,            -- Russian taxpayer number
  holder_country        text    NOT NULL, -- ISO 3166-1 alpha-2
  partner_name          text,            -- through whom it was bought last (UPG-7)
  partner_level         text,            -- authorized, certified, preferred
  users                 integer,         -- as bought while ordered; NULL: unlimited (a trial); 0 when closed
  antivirus             integer NOT NULL, -- 1: has the plugin (CAT-2); likewise the next three
  web_filter            integer NOT NULL,
  active_sync           integer NOT NULL,
  anti_spam             integer NOT NULL,
  swm_starts            text,            -- day of activation; NULL before it and for trials
  swm_ends              text,            -- first day without Software Maintenance
  trial_ends            text,            -- first day on which the trial is over; NULL: a bought license
  certified             integer,         -- type fstek: 1 while it counts as certified (FST-4)
  installed_version     text,            -- product version recorded last
  pending_order         text,            -- number of the order that waits; all pending_… are NULL without one
  pending_on            text,            -- day it was ordered
  pending_kind          text,            -- purchase or upgrade
  pending_swm_years     integer,         -- years of SWM it buys; NULL: none
  pending_antivirus     integer,         -- 1: it buys the plugin; likewise the next three
  pending_web_filter    integer,
  pending_active_sync   integer,
  pending_anti_spam     integer,
  pending_fstek         integer,         -- 1: it switches to the FSTEK edition
  pending_users         integer,         -- users it buys or adds; NULL: none
  pending_partner_name  text,            -- partner named on it (UPG-7)
  pending_partner_level text,            -- likewise its level
  servers_online        text    NOT NULL, -- JSON array of server ids, in the order they came (PIR-1)
  split_from            text,            -- license this one was split from (VND-6)
  merged_into           text,            -- license that absorbed this one (VND-6)
  fold                  integer NOT NULL, -- number of the fold that made state; a higher one is never overwritten
  state                 text    NOT NULL, -- folded license, JSON: what the next command is judged on
  PRIMARY KEY (license)
) STRICT;

-- Who reads lists reads them by license number, of a partner or of a holder.
CREATE INDEX current_entitlement_partner ON current_entitlement (partner_name, license) WHERE partner_name IS NOT NULL;
CREATE INDEX current_entitlement_holder ON current_entitlement (holder_name, license);
CREATE INDEX current_entitlement_inn ON current_entitlement (holder_inn, license) WHERE holder_inn IS NOT NULL;

-- The ends of SWM, soonest first, are read from this index.
CREATE INDEX current_entitlement_swm_ends ON current_entitlement (swm_ends, license)
  WHERE status IN ('active', 'blocked') AND swm_ends IS NOT NULL;

-- Whose SWM ends when: the licenses that are in use. The columns are current_entitlement's.
CREATE VIEW swm_expiry AS
SELECT
  license, version, on_date, recorded_at, product, license_type, status, holder_name, holder_inn,
  holder_country, partner_name, partner_level, users, antivirus, web_filter, active_sync, anti_spam,
  swm_starts, swm_ends, trial_ends, certified, installed_version, pending_order, pending_on, pending_kind,
  pending_swm_years, pending_antivirus, pending_web_filter, pending_active_sync, pending_anti_spam,
  pending_fstek, pending_users, pending_partner_name, pending_partner_level, servers_online, split_from,
  merged_into
FROM current_entitlement
WHERE status IN ('active', 'blocked') AND swm_ends IS NOT NULL;

-- One row per license and version: how it stood after each of its events. From it any past day (on_date) and any
-- past state of knowledge (recorded_at) is answered: the highest version that fits. The columns are
-- current_entitlement's.
CREATE TABLE entitlement_versions
(
  license               text    NOT NULL,
  version               integer NOT NULL,
  on_date               text    NOT NULL,
  recorded_at           text    NOT NULL,
  product               text    NOT NULL,
  license_type          text    NOT NULL,
  status                text    NOT NULL,
  holder_name           text    NOT NULL,
  holder_inn            text,
  holder_country        text    NOT NULL,
  partner_name          text,
  partner_level         text,
  users                 integer,
  antivirus             integer NOT NULL,
  web_filter            integer NOT NULL,
  active_sync           integer NOT NULL,
  anti_spam             integer NOT NULL,
  swm_starts            text,
  swm_ends              text,
  trial_ends            text,
  certified             integer,
  installed_version     text,
  pending_order         text,
  pending_on            text,
  pending_kind          text,
  pending_swm_years     integer,
  pending_antivirus     integer,
  pending_web_filter    integer,
  pending_active_sync   integer,
  pending_anti_spam     integer,
  pending_fstek         integer,
  pending_users         integer,
  pending_partner_name  text,
  pending_partner_level text,
  servers_online        text    NOT NULL,
  split_from            text,
  merged_into           text,
  PRIMARY KEY (license, version)
) STRICT, WITHOUT ROWID;
