// The log of a program that is not ours: nothing, until it is asked for.
#pragma once

namespace culver::library {

/// Unless somebody has set a level before.
void be_quiet_at_first();

}  // namespace culver::library
