//! The picture of cross-tenant trust: the tenant in the middle, the others left and right, an arrow for each door; and the same
//! for a narrow screen, the tenant along one side and the others below each other.

use portcullis_analysis::map::{Gate, Neighbour};

/// So many neighbours are drawn; all of them are in the table.
const DRAWN_MAX: usize = 10;
/// From the top of one box to the top of the next.
const STEP: usize = 150;
/// The height of a box.
const BOX_HEIGHT: usize = 128;
/// From one arrow to the next.
const ARROW_STEP: usize = 30;
/// For a screen or paper that is wide enough.
const WIDE: Shape = Shape {
    name: "wide",
    width: 960,
    own_x: 406,
    own_width: 148,
    own_name_max: 14,
    box_width: 232,
    name_max: 26,
    left: Side {
        box_x: 4,
        near: 236,
        far: 406,
    },
    right: Side {
        box_x: 724,
        near: 724,
        far: 554,
    },
    columns: 2,
};
/// For a phone held upright.
const NARROW: Shape = Shape {
    name: "narrow",
    width: 340,
    own_x: 2,
    own_width: 30,
    own_name_max: 40,
    box_width: 186,
    name_max: 20,
    left: IN_NARROW,
    right: IN_NARROW,
    columns: 1,
};
const IN_NARROW: Side = Side {
    box_x: 152,
    near: 152,
    far: 32,
};

/// How wide everything is, and where it stands.
struct Shape {
    name: &'static str,
    width: usize,
    own_x: usize,
    own_width: usize,
    /// So many letters of the tenant's own name fit.
    own_name_max: usize,
    box_width: usize,
    /// So many letters of a name fit into a box.
    name_max: usize,
    left: Side,
    right: Side,
    columns: usize,
}

/// Where the boxes and the arrows of one side begin and end.
struct Side {
    box_x: usize,
    near: usize,
    far: usize,
}

/// Everything that is drawn.
pub(super) struct Picture {
    pub(super) shape: &'static str,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) own_x: usize,
    pub(super) own_width: usize,
    pub(super) own: String,
    pub(super) box_width: usize,
    pub(super) boxes: Vec<Tile>,
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

/// The wide picture and the narrow one.
pub(super) fn pictures(own: &str, neighbours: &[Neighbour]) -> [Picture; 2] {
    let drawn = drawn(neighbours);
    [WIDE, NARROW].map(|shape| picture(&shape, own, &drawn))
}

/// How many neighbours are not drawn.
pub(super) fn undrawn(neighbours: &[Neighbour]) -> usize {
    neighbours.len().saturating_sub(DRAWN_MAX)
}

/// The first few; the last one, any other tenant, is always drawn.
fn drawn(neighbours: &[Neighbour]) -> Vec<&Neighbour> {
    match neighbours.split_last() {
        Some((last, others)) if undrawn(neighbours) > 0 => {
            let first = others.iter().take(DRAWN_MAX - 1);
            first.chain([last]).collect()
        }
        _ => neighbours.iter().collect(),
    }
}

fn picture(shape: &Shape, own: &str, drawn: &[&Neighbour]) -> Picture {
    let rows = drawn.len().div_ceil(shape.columns).max(1);
    let boxes = drawn.iter().enumerate();
    let boxes = boxes.map(|(at, one)| {
        let is_left = at % shape.columns == 0;
        let side = if is_left { &shape.left } else { &shape.right };
        neighbour(one, shape, side, (at / shape.columns) * STEP + 4)
    });
    Picture {
        shape: shape.name,
        width: shape.width,
        height: rows * STEP,
        own_x: shape.own_x,
        own_width: shape.own_width,
        own: shortened(own, shape.own_name_max),
        box_width: shape.box_width,
        boxes: boxes.collect(),
    }
}

fn neighbour(one: &Neighbour, shape: &Shape, side: &Side, y: usize) -> Tile {
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
        name: shortened(&one.name, shape.name_max),
        trust: [
            (one.trust.mfa, "its MFA"),
            (one.trust.compliant_device, "its compliance"),
            (one.trust.hybrid_joined_device, "its hybrid join"),
        ],
        arrows: arrows.collect(),
    }
}

impl Picture {
    /// Where the tenant's own name stands.
    pub(super) const fn middle(&self) -> (usize, usize) {
        (self.own_x + self.own_width / 2, self.height / 2)
    }

    /// Whether that name is written upwards.
    pub(super) const fn is_upright(&self) -> bool {
        self.own_width < self.box_width / 2
    }
}

impl Tile {
    /// Where its words begin.
    pub(super) const fn text_x(&self) -> usize {
        self.x + 12
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
