//! An export that was torn, altered or put together anew is told from a whole one.

use engine::testing::MemoryStore;
use engine::{
    Change, Expected, ExportError, ExportReader, Exporter, Header, PutDocument, Store, Timestamp,
    Trailer,
};

/// A store with so many documents.
pub(super) async fn filled(documents: u32) -> MemoryStore {
    let store = MemoryStore::default();
    for first in (0..documents).step_by(1_000) {
        let numbers = first..documents.min(first + 1_000);
        let put = numbers.map(|number| PutDocument {
            space: "papers".to_owned(),
            key: format!("paper {number:06}"),
            expected: Expected::Absent,
            body: Some(number.to_be_bytes().repeat(10)),
            expires_at: None,
        });
        let change = Change {
            documents: put.collect(),
            ..Change::default()
        };
        store.commit(change).await.unwrap();
    }
    store
}

/// The pieces of an export, as they are written: header, chunks, trailer.
pub(super) async fn exported(store: &dyn Store) -> Vec<Vec<u8>> {
    exported_at(store, 7).await
}

async fn exported_at(store: &dyn Store, millis: i64) -> Vec<Vec<u8>> {
    let header = Header::new(Timestamp::from_millis(millis), "a test", "a test");
    let mut exporter = Exporter::begin(store, header).await.unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = exporter.next().await.unwrap() {
        pieces.push(piece);
    }
    pieces
}

fn checked(file: &[u8]) -> Result<Trailer, ExportError> {
    ExportReader::open(file)?.check()
}

#[tokio::test]
async fn a_torn_export_is_refused_with_what_is_missing() {
    let pieces = exported(&filled(600).await).await;
    let file = pieces.concat();
    assert_eq!(checked(&file).unwrap().chunks, 3);
    for end in (0..file.len()).step_by(97).chain([file.len() - 1]) {
        let torn = checked(&file[..end]);
        let whole = pieces.iter().scan(0, |at, piece| {
            *at += piece.len();
            Some(*at)
        });
        let whole = whole.take_while(|at| *at <= end).count();
        match torn {
            Err(ExportError::NotAnExport) => assert_eq!(whole, 0),
            Err(ExportError::Torn { chunks, items }) => {
                assert_eq!(chunks + 1, whole as u64);
                assert_eq!(items, [0, 256, 512, 600][whole - 1]);
            }
            other => panic!("cut at {end}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_altered_export_is_refused_wherever_it_was_altered() {
    let pieces = exported(&filled(600).await).await;
    let file = pieces.concat();
    for at in (0..file.len()).step_by(41).chain([file.len() - 1]) {
        let mut altered = file.clone();
        altered[at] ^= 1;
        assert!(checked(&altered).is_err(), "byte {at}");
    }
    let [header, first, second, third, trailer] = pieces.as_slice() else {
        panic!("{} pieces", pieces.len());
    };
    let orders = [
        vec![header, second, first, third, trailer],
        vec![header, first, third, trailer],
        vec![header, first, first, second, third, trailer],
        vec![header, trailer],
    ];
    for order in orders {
        let file: Vec<u8> = order.iter().copied().flatten().copied().collect();
        assert!(matches!(checked(&file), Err(ExportError::Damaged { .. })));
    }
    let other = exported_at(&filled(600).await, 8).await;
    let patched = [header, first, &other[2], third, trailer].map(Vec::clone);
    let refused = checked(&patched.concat());
    assert!(matches!(refused, Err(ExportError::Damaged { chunk: 2 })));
}

#[tokio::test]
async fn an_export_that_broke_off_anywhere_goes_on_to_the_same_file() {
    let store = filled(600).await;
    let pieces = exported(&store).await;
    let file = pieces.concat();
    for end in (pieces[0].len()..=file.len())
        .step_by(397)
        .chain([file.len()])
    {
        let mut left = file[..end].to_vec();
        // What a power cut leaves behind the last whole frame may be anything.
        left.extend([0; 50].iter().take(file.len() - end));
        let begun = ExportReader::open(left.as_slice()).unwrap();
        let mut resumed = Exporter::resume(&store, begun).await.unwrap().unwrap();
        left.truncate(usize::try_from(resumed.whole).unwrap());
        assert!(resumed.whole <= end as u64);
        while let Some(piece) = resumed.exporter.next().await.unwrap() {
            left.extend(piece);
        }
        assert_eq!(left, file, "broke off at {end}");
    }
}

#[tokio::test]
async fn an_export_of_what_has_changed_since_does_not_go_on() {
    let pieces = exported(&filled(600).await).await;
    let left = pieces[..3].concat();
    for now in [500, 700] {
        let begun = ExportReader::open(left.as_slice()).unwrap();
        let store = filled(now).await;
        let resumed = Exporter::resume(&store, begun).await.unwrap();
        assert_eq!(resumed.is_some(), now == 700, "only what was not yet read");
    }
    let whole = pieces.concat();
    let begun = ExportReader::open(whole.as_slice()).unwrap();
    let grown = filled(601).await;
    assert!(Exporter::resume(&grown, begun).await.unwrap().is_none());
}
