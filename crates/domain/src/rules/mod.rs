//! The rules of the policy: their sentences and sources, one file per family.
//!
//! Each rule is a [`Rule`] constant named after its id (`USR-2` is [`usr::USR_2`]), and stands beside the code that
//! judges it. [`ALL`] lists them in the policy's own order, which is also the order in which a refusal cites them.
//! Every rule has its page, `docs/rules/ID.md`, whose examples run as tests.

pub mod act;
pub mod cat;
pub mod cnt;
pub mod exp;
pub mod fst;
pub mod ins;
pub mod lic;
pub mod pir;
pub mod plg;
pub mod prc;
pub mod pur;
pub mod redistribution;
pub mod sup;
pub mod swm;
pub mod trl;
pub mod upg;
pub mod usr;
pub mod vnd;

use crate::rule::Rule;

/// Every rule, in the order of the policy. A refusal cites the rules it broke in this order.
pub const ALL: &[&Rule] = &[
    &cat::CAT_1,
    &cat::CAT_2,
    &cat::CAT_3,
    &cat::CAT_4,
    &pur::PUR_1,
    &pur::PUR_2,
    &pur::PUR_3,
    &pur::PUR_4,
    &pur::PUR_5,
    &pur::PUR_6,
    &pur::PUR_7,
    &pur::PUR_8,
    &pur::PUR_9,
    &lic::LIC_1,
    &lic::LIC_2,
    &cnt::CNT_1,
    &cnt::CNT_2,
    &cnt::CNT_3,
    &cnt::CNT_4,
    &cnt::CNT_5,
    &upg::UPG_1,
    &upg::UPG_2,
    &upg::UPG_3,
    &upg::UPG_4,
    &upg::UPG_5,
    &upg::UPG_6,
    &upg::UPG_7,
    &act::ACT_1,
    &act::ACT_2,
    &act::ACT_3,
    &act::ACT_5,
    &act::ACT_4,
    &swm::SWM_1,
    &swm::SWM_2,
    &swm::SWM_3,
    &swm::SWM_4,
    &swm::SWM_5,
    &swm::SWM_6,
    &swm::SWM_7,
    &swm::SWM_8,
    &swm::SWM_9,
    &exp::EXP_1,
    &exp::EXP_2,
    &exp::EXP_3,
    &exp::EXP_4,
    &exp::EXP_5,
    &plg::PLG_1,
    &plg::PLG_2,
    &plg::PLG_3,
    &plg::PLG_4,
    &plg::PLG_5,
    &plg::PLG_6,
    &usr::USR_1,
    &usr::USR_2,
    &usr::USR_3,
    &usr::USR_4,
    &prc::PRC_1,
    &prc::PRC_2,
    &prc::PRC_3,
    &prc::PRC_4,
    &prc::PRC_5,
    &prc::PRC_6,
    &prc::PRC_7,
    &prc::PRC_8,
    &prc::PRC_9,
    &prc::PRC_10,
    &prc::PRC_11,
    &prc::PRC_13,
    &prc::PRC_12,
    &vnd::VND_1,
    &vnd::VND_2,
    &vnd::VND_3,
    &vnd::VND_4,
    &vnd::VND_5,
    &redistribution::VND_6,
    &redistribution::VND_7,
    &redistribution::VND_8,
    &vnd::VND_9,
    &vnd::VND_10,
    &vnd::VND_12,
    &redistribution::VND_11,
    &fst::FST_1,
    &fst::FST_2,
    &fst::FST_3,
    &fst::FST_4,
    &fst::FST_5,
    &fst::FST_6,
    &fst::FST_7,
    &ins::INS_1,
    &ins::INS_2,
    &pir::PIR_1,
    &pir::PIR_2,
    &pir::PIR_3,
    &trl::TRL_1,
    &trl::TRL_2,
    &sup::SUP_1,
    &sup::SUP_2,
    &sup::SUP_3,
    &sup::SUP_4,
    &sup::SUP_5,
];

/// The rule with this id, in upper or lower case; `None` where there is none.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

/// The position of the rule in [`ALL`]; a rule that is not listed comes last.
pub fn rank(rule: &Rule) -> usize {
    ALL.iter().position(|listed| listed.id == rule.id).unwrap_or(ALL.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_appears_twice() {
        let mut ids: Vec<_> = ALL.iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), ALL.len());
    }

    #[test]
    fn a_rule_is_found_in_lower_case_too() {
        assert_eq!(find("usr-2"), Some(&usr::USR_2));
        assert_eq!(find("USR-0"), None);
    }

    #[test]
    fn a_rule_stands_in_the_file_of_its_family() {
        for rule in ALL {
            let family = rule.id.split('-').next().unwrap_or_default().to_lowercase();
            let own = rule.file.ends_with(&format!("rules/{family}.rs"));
            // The vendor desk's redistributions are a family of their own.
            let redistribution = family == "vnd" && rule.file.ends_with("rules/redistribution.rs");
            assert!(own || redistribution, "{} in {}", rule.id, rule.file);
        }
    }

    #[test]
    fn rank_follows_the_policy_not_the_numbers() {
        assert!(rank(&act::ACT_5) < rank(&act::ACT_4));
        assert!(rank(&pur::PUR_9) < rank(&lic::LIC_1));
        assert!(rank(&prc::PRC_13) < rank(&prc::PRC_12));
        assert!(rank(&vnd::VND_12) < rank(&redistribution::VND_11));
    }
}
