//! The machine the tests run on.

use super::Place;

#[test]
fn a_machine_has_room_memory_and_cores() {
    let place = Place::new(
        "source host here\nparam data: text = \"/\"",
        "check room { require here.free($data) <= here.total($data) }
         check share { require here.free_share(\"/\") between 0% and 100% }
         check memory { require here.memory_free <= here.memory_total }
         check cores { require here.cores >= 1 }
         check load { require here.load(15min) <= 1000000% }
         check old { require here.has_postgres(7) = false }",
    );
    place.run(&[]).ends_with(0);
    place.run(&["--set", "data=/no/such/path"]).ends_with(3).judges("room", "unproven", "`/no/such/path`");
    place.policy("source host here", "check room { require here.free(\"/\") >= 1000000TB }");
    place.run(&[]).ends_with(1).judges("room", "broken", "of ");
}
