//! Lists come in pages that neither repeat nor miss.

use super::trial::{StoreUnderTest, Trial, born, labeled, parked, put, record};
use crate::clock::Timestamp;
use crate::instance::{Label, Record};
use crate::store::{Expected, Filter, PageOrder};

async fn pages(trial: &mut Trial<'_>, filter: &Filter, limit: usize) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let order = PageOrder { limit, after };
        let page = trial.step().await.find(filter, &order).await;
        let page = page.expect("the store answers");
        let ids = page.items.iter().map(|record| record.id.to_string());
        pages.push(ids.collect());
        after = page.next;
        if after.is_none() {
            return pages;
        }
    }
}

fn names(numbers: impl Iterator<Item = u32>) -> Vec<String> {
    numbers.map(|number| format!("ins_{number:04}")).collect()
}

pub(super) async fn pages_are_newest_first_and_miss_nothing(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let mut many = born(&record(0));
    for number in 1..600 {
        let labels = [Label::shared("odd", (number % 2).to_string())];
        many.records.extend(born(&labeled(number, &labels)).records);
    }
    trial.write(many).await;
    for limit in [7, 300, 599, 600, 1000] {
        let found = pages(&mut trial, &Filter::default(), limit).await;
        assert!(found.iter().all(|page| page.len() <= limit));
        assert_eq!(found.len(), 600_usize.div_ceil(limit), "no empty page");
        assert_eq!(found.concat(), names((0..600).rev()));
    }
    let odd = Filter {
        labels: vec![("odd".to_owned(), "1".to_owned())],
        ..Filter::default()
    };
    let found = pages(&mut trial, &odd, 11).await;
    assert_eq!(found.concat(), names((0..600).rev().filter(|n| n % 2 == 1)));
}

fn varied() -> [Record; 4] {
    let partner = [Label::shared("partner", "acme"), Label::shared("tier", "1")];
    let mut other = labeled(2, &partner[..1]);
    other.workflow = String::from("delivery");
    let mut done = labeled(3, &partner);
    done.state = String::from("Done");
    [
        record(1),
        other,
        parked(done, "credit"),
        labeled(4, &partner),
    ]
}

pub(super) async fn every_part_of_a_filter_must_hold(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    for record in varied() {
        trial.write(put(Expected::Absent, &record)).await;
    }
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let any = Filter::default;
    let texts = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let moment = |millis| Some(Timestamp::from_millis(millis));
    #[rustfmt::skip]
    let rows = [
        (any(), vec![4, 3, 2, 1]),
        (Filter { workflow: Some("errand".to_owned()), ..any() }, vec![4, 3, 1]),
        (Filter { labels: vec![label("partner", "acme")], ..any() }, vec![4, 3, 2]),
        (Filter { labels: vec![label("partner", "acme"), label("tier", "1")], ..any() }, vec![4, 3]),
        (Filter { labels: vec![label("partner", "none")], ..any() }, vec![]),
        (Filter { states: texts(&["Done"]), ..any() }, vec![3]),
        (Filter { states: texts(&["Done", "Begun"]), ..any() }, vec![4, 3, 2, 1]),
        (Filter { parked: true, ..any() }, vec![3]),
        (Filter { parked: true, states: texts(&["Begun"]), ..any() }, vec![]),
        (Filter { created_after: moment(2000), ..any() }, vec![4, 3, 2]),
        (Filter { created_before: moment(2000), ..any() }, vec![1]),
    ];
    for (filter, expected) in rows {
        let found = pages(&mut trial, &filter, 10).await.concat();
        assert_eq!(found, names(expected.into_iter()), "{filter:?}");
    }
    let mut freed = varied()[2].clone();
    freed.hold = None;
    trial.write(put(Expected::Any, &freed)).await;
    let parked = Filter {
        parked: true,
        ..any()
    };
    assert!(pages(&mut trial, &parked, 10).await.concat().is_empty());
}
