//! The fields that several commands share: holder, partner, plugins.

use std::str::FromStr;

use schemars::JsonSchema;

use super::reader::{Fields, Json, parsed, parsed_at, text};
use super::{Actor, OrderTerms};
use crate::values::{Holder, Partner, Plugin, PluginSet};

/// The schema of a license number as a command gives it: trimmed and upper-cased by the reader.
#[derive(JsonSchema)]
#[schemars(rename = "LicenseNumber", extend("pattern" = "^[A-Za-z0-9-]{3,40}$"))]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct LicenseNumberInput(String);

/// The schema of a holder as a command gives it.
#[derive(JsonSchema)]
#[schemars(rename = "Holder", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct HolderInput {
    /// Its name.
    name: String,
    /// Its Russian taxpayer number, 10 or 12 digits, where it has one.
    #[schemars(default, extend("pattern" = "^ *([0-9]{10}|[0-9]{12}) *$"))]
    inn: Option<String>,
    /// Its country, ISO 3166-1 alpha-2.
    #[schemars(default = "russia")]
    country: String,
}

pub(crate) fn russia() -> String {
    "RU".to_owned()
}

/// ISO 3166-1 alpha-2, the officially assigned codes.
pub(crate) const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET \
    FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ \
    IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML \
    MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS \
    PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL \
    TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

struct Country(String);

impl FromStr for Country {
    type Err = &'static str;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let known = code.len() == 2 && COUNTRIES.split_ascii_whitespace().any(|known| known == code);
        if known { Ok(Self(code.to_owned())) } else { Err("is no country: ISO 3166-1 alpha-2, such as RU or DE") }
    }
}

struct Inn(String);

impl FromStr for Inn {
    type Err = &'static str;

    fn from_str(inn: &str) -> Result<Self, Self::Err> {
        let digits = inn.bytes().all(|b| b.is_ascii_digit());
        if digits && matches!(inn.len(), 10 | 12) {
            Ok(Self(inn.to_owned()))
        } else {
            Err("is no INN: 10 or 12 digits")
        }
    }
}

pub(crate) fn country(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<String> {
    parsed(fields, key, value).map(|Country(code)| code)
}

pub(crate) fn inn(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<String> {
    parsed(fields, key, value).map(|Inn(inn)| inn)
}

pub(crate) fn holder(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<Holder> {
    let mut holder = fields.inner(key, value)?;
    let name = holder.required("name", text);
    let inn = holder.optional("inn", inn);
    let country = holder.optional("country", country).unwrap_or_else(russia);
    holder.finish();
    Some(Holder { name: name?, inn, country })
}

pub(crate) fn partner(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<Partner> {
    let mut partner = fields.inner(key, value)?;
    let name = partner.required("name", text);
    let level = partner.optional("level", parsed);
    partner.finish();
    Some(Partner { name: name?, level })
}

pub(crate) fn actor(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<Actor> {
    let mut actor = fields.inner(key, value)?;
    let name = actor.required("name", text);
    let role = actor.required("role", parsed);
    actor.finish();
    Some(Actor { name: name?, role: role? })
}

/// A list of plugins, each once.
pub(crate) fn plugins(fields: &mut Fields<'_>, key: &'static str, value: Json) -> Option<PluginSet> {
    let mut plugins = PluginSet::none();
    for (path, entry) in fields.entries(key, value)? {
        let plugin: Plugin = parsed_at(&path, entry, fields.faults())?;
        if !plugins.insert(plugin) {
            fields.faults().add(&path, format!("{plugin} stands twice in the list"));
        }
    }
    Some(plugins)
}

/// What every order says. `None` when its number is missing.
pub(crate) fn order_terms(fields: &mut Fields<'_>) -> Option<OrderTerms> {
    let order = fields.required("order", text);
    let partner = fields.optional("partner", partner);
    let registration = fields.optional("registration", parsed).unwrap_or_default();
    Some(OrderTerms { order: order?, partner, registration })
}
