// What marks the names that the shared library shows, and the namespace that they live in.
#pragma once

#if defined(__GNUC__)
#define CULVER_API __attribute__((visibility("default")))
#else
#define CULVER_API
#endif

// Culver's own sources have other names directly in namespace culver; there v1 is not inline. Never
// define CULVER_INSIDE elsewhere: the names are then culver::v1::Client and so on.
#ifdef CULVER_INSIDE
#define CULVER_INLINE
#else
#define CULVER_INLINE inline
#endif
