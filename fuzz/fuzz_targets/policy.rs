//! No text makes the policy panic, and a policy that is read is one that can be used.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zoom_sms_cost_alerts::domain::policy::Policy;

fuzz_target!(|text: &str| match Policy::parse(text) {
    Ok(policy) => {
        assert!(!policy.budgets.is_empty());
        for budget in &policy.budgets {
            assert!(!budget.levels.is_empty());
            assert!(budget.levels.is_sorted_by_key(|level| level.threshold));
            let _ = policy.budget_for(budget.scope, &budget.name, budget.currency, budget.period);
        }
    }
    Err(faults) => assert!(!faults.to_string().is_empty()),
});
