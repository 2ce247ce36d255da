//! Nothing is claimed or derived where there is nothing, and what is claimed can be derived: with everything there, and
//! with any one object gone.

use super::cases::each;
use crate::cluster::index::Index;
use crate::domain::{Kind, ObjectKey};
use crate::strategy::testing::now;
use crate::strategy::testing::shop::Shop;
use crate::strategy::{Derive, NothingRecorded, STRATEGIES};
use std::collections::BTreeSet;

fn derive(shop: &Shop) -> Derive<'_> {
    Derive { now: now(), recorded: &NothingRecorded, settings: &shop.settings }
}

#[test]
fn where_there_is_nothing_nothing_is_claimed_or_derived() {
    let shop = Shop::default();
    let index = shop.index();
    for strategy in STRATEGIES {
        for kind in Kind::ALL {
            let key = ObjectKey::new(kind, "shop", "web");
            let name = strategy.kind().0;
            assert!(strategy.claims(&key, &index).is_none(), "{name} claims {key} in an empty world");
            assert!(strategy.derive(&key, &index, &derive(&shop)).is_none(), "{name} derives {key} in an empty world");
        }
    }
}

#[test]
fn what_is_claimed_is_derived_even_when_any_one_object_is_gone() {
    each(|case| {
        roots_stand(&case.shop, &case.shop.index(), &case.words());
        let gone: Vec<ObjectKey> = case
            .shop
            .objects
            .keys()
            .filter(|key| !matches!(key.kind, Kind::Pod | Kind::EndpointSlice))
            .cloned()
            .collect();
        for key in gone {
            let mut shop = case.shop.clone();
            shop.objects.remove(&key);
            roots_stand(&shop, &shop.index(), &format!("{}, without {key}", case.words()));
        }
    });
}

/// Every claim names a root that is claimed in its own name, and that can be derived.
fn roots_stand(shop: &Shop, index: &Index, words: &str) {
    for strategy in STRATEGIES {
        let name = strategy.kind().0;
        let mut roots = BTreeSet::new();
        for key in shop.objects.keys() {
            let Some(claim) = strategy.claims(key, index) else { continue };
            if !roots.insert(claim.root.clone()) {
                continue;
            }
            let root = strategy.claims(&claim.root, index);
            assert_eq!(
                root.as_ref().map(|claim| &claim.root),
                Some(&claim.root),
                "{words}: {name} claims {key} for a root that it does not claim"
            );
            let release = strategy.derive(&claim.root, index, &derive(shop));
            let release = release
                .unwrap_or_else(|| panic!("{words}: {name} claims {key} for {} and derives nothing", claim.root));
            assert_eq!((&release.key, release.strategy), (&claim.root, strategy.kind()), "{words}: {name}");
        }
    }
}
