//! The picture of cross-tenant trust: the tenant in the middle, the others left and right, an arrow for each door.

use portcullis_analysis::map::{Gate, Neighbour};

/// So many neighbours are drawn; all of them are in the table.
const DRAWN_MAX: usize = 10;
/// So many letters of a name fit into a box.
const NAME_MAX: usize = 26;
/// And into the middle.
const OWN_NAME_MAX: usize = 14;
/// From the top of one box to the top of the next.
const STEP: usize = 150;
/// The height of a box.
const BOX_HEIGHT: usize = 128;
/// From one arrow to the next.
const ARROW_STEP: usize = 30;
/// Where the boxes and the arrows of either side begin and end.
const LEFT: Side = Side {
    box_x: 4,
    near: 236,
    far: 406,
};
const RIGHT: Side = Side {
    box_x: 724,
    near: 724,
    far: 554,
};

struct Side {
    box_x: usize,
    near: usize,
    far: usize,
}

/// Everything that is drawn.
pub(super) struct Picture {
    pub(super) height: usize,
    pub(super) middle: usize,
    pub(super) own: String,
    pub(super) boxes: Vec<Tile>,
    /// How many are not drawn.
    pub(super) more: usize,
}

/// A neighbour.
pub(super) struct Tile {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) height: usize,
    pub(super) name: String,
    pub(super) trust: [(bool, &'static str); 3],
    pub(super) arrows: Vec<Arrow>,
}

/// A door, in one direction.
pub(super) struct Arrow {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) y: usize,
    pub(super) text_x: usize,
    pub(super) class: &'static str,
    pub(super) text: String,
}

pub(super) fn picture(own: &str, neighbours: &[Neighbour]) -> Picture {
    let more = neighbours.len().saturating_sub(DRAWN_MAX);
    // The last one, any other tenant, is always drawn.
    let drawn: Vec<&Neighbour> = match neighbours.split_last() {
        Some((last, others)) if more > 0 => {
            let first = others.iter().take(DRAWN_MAX - 1);
            first.chain([last]).collect()
        }
        _ => neighbours.iter().collect(),
    };
    let rows = drawn.len().div_ceil(2).max(1);
    let height = rows * STEP;
    let boxes = drawn.into_iter().enumerate();
    let boxes = boxes.map(|(at, one)| {
        let side = if at % 2 == 0 { LEFT } else { RIGHT };
        neighbour(one, &side, (at / 2) * STEP + 4)
    });
    Picture {
        height,
        middle: height / 2,
        own: shortened(own, OWN_NAME_MAX),
        boxes: boxes.collect(),
        more,
    }
}

fn neighbour(one: &Neighbour, side: &Side, y: usize) -> Tile {
    let doors = [
        ("collaboration in", &one.collaboration_in, true),
        ("collaboration out", &one.collaboration_out, false),
        ("direct connect in", &one.direct_connect_in, true),
        ("direct connect out", &one.direct_connect_out, false),
    ];
    let arrows = doors.into_iter().enumerate();
    let arrows = arrows.map(|(at, (name, gate, is_inbound))| {
        let (from, to) = if is_inbound {
            (side.near, side.far)
        } else {
            (side.far, side.near)
        };
        Arrow {
            from,
            to,
            y: y + 24 + at * ARROW_STEP,
            text_x: usize::midpoint(side.near, side.far),
            class: class(gate),
            text: word(name, gate),
        }
    });
    Tile {
        x: side.box_x,
        y,
        height: BOX_HEIGHT,
        name: shortened(&one.name, NAME_MAX),
        trust: [
            (one.trust.mfa, "its MFA"),
            (one.trust.compliant_device, "its compliance"),
            (one.trust.hybrid_joined_device, "its hybrid join"),
        ],
        arrows: arrows.collect(),
    }
}

impl Tile {
    /// Where its words begin.
    pub(super) const fn text_x(&self) -> usize {
        self.x + 16
    }
}

pub(super) const fn class(gate: &Gate) -> &'static str {
    match gate {
        Gate::Open => "open",
        Gate::Partly(_) => "partly",
        Gate::Shut(_) => "shut",
    }
}

fn word(name: &str, gate: &Gate) -> String {
    match gate {
        Gate::Open => name.to_owned(),
        Gate::Partly(_) => format!("{name}: some"),
        Gate::Shut(_) => format!("✕ {name}"),
    }
}

fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let first = name.chars().take(most - 1);
    first.chain(['…']).collect()
}
