-- The read models: what the events made of the licenses, as columns. They hold facts (when SWM ends), never answers
-- that age (whether it is active): what depends on the day is computed for the day asked about (EXP-5).
-- Everything here follows from the events; `license-ledger rebuild` compares, and mends what differs.
-- So there are no CHECKs: they would cost as much as the rest of the insert, and guard what can be made anew.

CREATE TABLE entitlement_versions (
    license                text        COLLATE "C" NOT NULL,
    version                bigint      NOT NULL,
    on_date                date        NOT NULL,
    recorded_at            timestamptz NOT NULL,
    product                text        NOT NULL,
    license_type           text        NOT NULL,
    status                 text        NOT NULL,
    holder_name            text        NOT NULL,
    holder_inn             text,
    holder_country         text        NOT NULL,
    partner_name           text,
    partner_level          text,
    users                  bigint,
    antivirus              boolean     NOT NULL,
    web_filter             boolean     NOT NULL,
    active_sync            boolean     NOT NULL,
    anti_spam              boolean     NOT NULL,
    swm_starts             date,
    swm_ends               date,
    trial_ends             date,
    certified              boolean,
    installed_version      text,
    pending_order          text,
    pending_on             date,
    pending_kind           text,
    pending_swm_years      bigint,
    pending_antivirus      boolean,
    pending_web_filter     boolean,
    pending_active_sync    boolean,
    pending_anti_spam      boolean,
    pending_fstek          boolean,
    pending_users          bigint,
    pending_partner_name   text,
    pending_partner_level  text,
    servers_online         text[]      NOT NULL,
    split_from             text,
    merged_into            text,
    PRIMARY KEY (license, version)
);

COMMENT ON TABLE entitlement_versions IS
    'The facts of every license after each of its events: what any past day or instant is answered from.';
COMMENT ON COLUMN entitlement_versions.license IS 'The license number.';
COMMENT ON COLUMN entitlement_versions.version IS 'The sequence of the event that made it so, counted from 1.';
COMMENT ON COLUMN entitlement_versions.on_date IS 'The business date of that event.';
COMMENT ON COLUMN entitlement_versions.recorded_at IS 'When the ledger wrote that event.';
COMMENT ON COLUMN entitlement_versions.product IS 'The product: connect, control or operator.';
COMMENT ON COLUMN entitlement_versions.license_type IS 'The license type: commercial, government, education or fstek.';
COMMENT ON COLUMN entitlement_versions.status IS
    'Where it stands in its life: ordered, trial, active, blocked or closed. A trial stays one when it is over.';
COMMENT ON COLUMN entitlement_versions.holder_name IS 'Who holds it.';
COMMENT ON COLUMN entitlement_versions.holder_inn IS 'The holder''s Russian taxpayer number, if any.';
COMMENT ON COLUMN entitlement_versions.holder_country IS 'The holder''s country, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN entitlement_versions.partner_name IS 'The partner it was bought through last, if any.';
COMMENT ON COLUMN entitlement_versions.partner_level IS 'That partner''s level: authorized, certified or preferred.';
COMMENT ON COLUMN entitlement_versions.users IS
    'Licensed users: as bought while ordered, null (unlimited) for a trial, 0 when closed.';
COMMENT ON COLUMN entitlement_versions.antivirus IS 'Whether it has the antivirus.';
COMMENT ON COLUMN entitlement_versions.web_filter IS 'Whether it has the web filter.';
COMMENT ON COLUMN entitlement_versions.active_sync IS 'Whether it has ActiveSync.';
COMMENT ON COLUMN entitlement_versions.anti_spam IS 'Whether it has the anti-spam.';
COMMENT ON COLUMN entitlement_versions.swm_starts IS 'The first day of Software Maintenance; null before activation.';
COMMENT ON COLUMN entitlement_versions.swm_ends IS 'The first day without it.';
COMMENT ON COLUMN entitlement_versions.trial_ends IS 'The first day on which a trial is over; null for what was bought.';
COMMENT ON COLUMN entitlement_versions.certified IS 'For type fstek: whether it still counts as certified (FST-4).';
COMMENT ON COLUMN entitlement_versions.installed_version IS 'The product version recorded last.';
COMMENT ON COLUMN entitlement_versions.pending_order IS 'The number of the order that waits for activation, if any.';
COMMENT ON COLUMN entitlement_versions.pending_on IS 'The day it was ordered.';
COMMENT ON COLUMN entitlement_versions.pending_kind IS 'What waits: the purchase itself, or an upgrade.';
COMMENT ON COLUMN entitlement_versions.pending_swm_years IS
    'Years of SWM that it brings; null for an upgrade that does not renew.';
COMMENT ON COLUMN entitlement_versions.pending_antivirus IS 'Whether it brings the antivirus.';
COMMENT ON COLUMN entitlement_versions.pending_web_filter IS 'Whether it brings the web filter.';
COMMENT ON COLUMN entitlement_versions.pending_active_sync IS 'Whether it brings the ActiveSync plugin.';
COMMENT ON COLUMN entitlement_versions.pending_anti_spam IS 'Whether it brings the anti-spam.';
COMMENT ON COLUMN entitlement_versions.pending_fstek IS 'Whether it switches to the FSTEK-certified edition.';
COMMENT ON COLUMN entitlement_versions.pending_users IS 'The users that it brings; null for an upgrade that adds none.';
COMMENT ON COLUMN entitlement_versions.pending_partner_name IS 'The partner on the order, if any.';
COMMENT ON COLUMN entitlement_versions.pending_partner_level IS 'The level of the partner on the order.';
COMMENT ON COLUMN entitlement_versions.servers_online IS 'The servers online, in the order they came.';
COMMENT ON COLUMN entitlement_versions.split_from IS 'The license that it was split from.';
COMMENT ON COLUMN entitlement_versions.merged_into IS 'The license that absorbed it.';

-- The same columns once more. Almost a third of each page stays free, so that an update can stay on its page (HOT).
CREATE TABLE current_entitlement (
    LIKE entitlement_versions INCLUDING COMMENTS,
    fold   bigint NOT NULL,
    state  text   NOT NULL,
    PRIMARY KEY (license)
) WITH (fillfactor = 70);

COMMENT ON TABLE current_entitlement IS
    'Every license as it is now: its facts as columns, and the folded state that the next command is judged on.';
COMMENT ON COLUMN current_entitlement.fold IS 'The number of the fold that made state; a higher one is never overwritten.';
COMMENT ON COLUMN current_entitlement.state IS 'The folded license, as JSON.';

CREATE INDEX current_entitlement_swm_ends ON current_entitlement (swm_ends, license)
    WHERE status IN ('active', 'blocked') AND swm_ends IS NOT NULL;
CREATE INDEX current_entitlement_partner ON current_entitlement (partner_name, license) WHERE partner_name IS NOT NULL;
CREATE INDEX current_entitlement_holder ON current_entitlement (holder_name, license);
CREATE INDEX current_entitlement_inn ON current_entitlement (holder_inn, license) WHERE holder_inn IS NOT NULL;

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
COMMENT ON VIEW swm_expiry IS
    'When Software Maintenance ends, of the licenses in use. Compare swm_ends with the day you ask about.';
