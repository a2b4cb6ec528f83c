// All of libculver: texts and files between machines, encrypted from end to end. Begin with
// Client::open() in client.hpp; docs/library.md is the manual.
#pragma once

#include "culver/client.hpp"
#include "culver/config.hpp"
#include "culver/events.hpp"
#include "culver/export.hpp"
#include "culver/result.hpp"
#include "culver/types.hpp"
#include "culver/version.hpp"
