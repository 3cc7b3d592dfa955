//! Readings over random worlds and sequences of runs, against what Zoom could list.

mod worlds;
