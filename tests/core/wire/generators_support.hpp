// Random but well-formed values of the wire's types, for properties.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "core/base/bytes.hpp"
#include "core/base/strong.hpp"
#include "core/base/text.hpp"
#include "core/wire/sdp.hpp"

namespace culver::testing {

template <class T>
rc::Gen<T> fixed_bytes() {
  return rc::gen::map(
      rc::gen::container<std::vector<std::uint8_t>>(T::size, rc::gen::arbitrary<std::uint8_t>()),
      [](const std::vector<std::uint8_t>& raw) { return *T::from(std::as_bytes(std::span(raw))); });
}

/// At most `longest` characters of `alphabet`, at least `shortest`.
inline rc::Gen<std::string> text_of(std::string alphabet, std::size_t shortest,
                                    std::size_t longest) {
  return rc::gen::mapcat(rc::gen::inRange(shortest, longest + 1), [alphabet](std::size_t size) {
    return rc::gen::container<std::string>(size, rc::gen::elementOf(alphabet));
  });
}

inline const std::string ice_chars =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline rc::Gen<PairingCode> pairing_code() {
  const std::string alphabet(PairingCode::alphabet);
  return rc::gen::map(text_of(alphabet, 6, 6),
                      [](const std::string& text) { return *PairingCode::parse(text); });
}

/// UTF-8 of at most `bytes` bytes, rich in what parsers stumble over; without NUL.
inline rc::Gen<std::string> utf8_text(std::size_t bytes, std::vector<std::string> extra = {}) {
  std::vector<std::string> pieces{
      "a", "Z", " ",        "\"",           "\\",           "/",
      "{", ":", "\xc3\xa9", "\xe2\x82\xac", "\xe2\x80\x8b", "\xf0\x9f\x91\x8b"};
  pieces.insert(pieces.end(), extra.begin(), extra.end());
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces)),
                      [bytes](const std::vector<std::string>& parts) {
                        std::string all;
                        for (const auto& part : parts)
                          if (all.size() + part.size() <= bytes) all += part;
                        return all;
                      });
}

inline rc::Gen<std::string> literal_address() {
  return rc::gen::element<std::string>("192.0.2.1", "255.255.255.255", "10.0.0.7", "::1",
                                       "2001:db8::7", "fe80::1:2:3", "::ffff:192.0.2.9");
}

inline rc::Gen<wire::sdp::Candidate> candidate() {
  using wire::sdp::Candidate;
  return rc::gen::exec([] {
    Candidate candidate;
    candidate.foundation = *text_of(ice_chars, 1, 32);
    candidate.priority = *rc::gen::arbitrary<std::uint32_t>();
    candidate.address = *literal_address();
    candidate.port = *rc::gen::inRange<std::uint16_t>(1, 65535);
    candidate.type = static_cast<wire::sdp::CandidateType>(*rc::gen::inRange(0, 4));
    if (*rc::gen::arbitrary<bool>()) {
      candidate.related_address = *literal_address();
      candidate.related_port = *rc::gen::arbitrary<std::uint16_t>();
    }
    return candidate;
  });
}

}  // namespace culver::testing
