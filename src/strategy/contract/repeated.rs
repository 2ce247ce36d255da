//! The same objects give the same release, the same offers and the same plans.

use super::cases::each;

#[test]
fn the_same_world_is_told_in_the_same_way_twice() {
    each(|case| {
        let told = || {
            let case = case.with(case.shop.clone());
            let plans: Vec<String> = case.plans().iter().map(|(name, plan)| format!("{name} {plan:?}")).collect();
            (format!("{:?}", case.release()), format!("{:?}", case.actions()), plans)
        };
        assert_eq!(told(), told(), "{}", case.words());
    });
}
