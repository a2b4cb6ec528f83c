// Every size that a parser accepts and a printer may produce. Sources: zajel-peer 2, 3, 4 and
// zajel-server 11, 18.1; where the two systems differ we accept the larger and send the smaller.
#pragma once

#include <cstddef>
#include <cstdint>

namespace culver::wire::limits {

// Signaling.
inline constexpr std::size_t signaling_frame_in = 262'144;
inline constexpr std::size_t json_depth = 16;
inline constexpr std::size_t proposed_name = 64;  ///< bytes of UTF-8, longer ones are cut
inline constexpr std::size_t error_text = 1'000;
inline constexpr std::size_t sdp = 65'536;
inline constexpr std::size_t sdp_lines = 512;
inline constexpr std::size_t candidate = 1'024;
inline constexpr std::size_t candidates = 100;  ///< held for one negotiation

// Rendezvous; what is no number of bytes is counted in the units of UTF-16, as Zajel counts.
inline constexpr std::size_t rendezvous_points = 50;
inline constexpr std::size_t rendezvous_tokens = 50;
inline constexpr std::size_t rendezvous_text = 128;  ///< of a point or a token
inline constexpr std::size_t dead_drop = 4'096;
inline constexpr std::size_t relay_id = 128;
inline constexpr std::size_t peer_id = 128;
inline constexpr std::size_t rendezvous_entries = 1'024;  ///< of each kind, in an answer

// Data channels.
inline constexpr std::size_t channel_frame_in = 262'144;
inline constexpr std::size_t channel_frame_out = 65'536;
inline constexpr std::size_t text = 49'124;  ///< bytes of UTF-8: 65,536 characters once sealed
inline constexpr std::size_t channel_label = 64;

// Letters.
inline constexpr std::uint64_t letter_number = (std::uint64_t{1} << 53) - 1;
inline constexpr std::size_t letter_frame = 66'000;  ///< opened; a sealed one has 88,040

// The gateway.
inline constexpr std::size_t handshake_frame_in = 16'384;
inline constexpr std::size_t gateway_frame_in = 1'572'864;
inline constexpr std::size_t event_payload = 1'048'576;  ///< decoded
inline constexpr std::size_t device_name = 50;           ///< characters
inline constexpr std::size_t scratchpad = 65'536;

// Files.
inline constexpr std::size_t chunk_out = 16'384;
inline constexpr std::size_t chunk_to_zajel = 4'096;
inline constexpr std::size_t chunk_in = 65'536;
inline constexpr std::uint64_t file_size = std::uint64_t{1} << 44;  ///< 16 TiB
inline constexpr std::uint64_t file_chunks = std::uint64_t{1} << 32;
inline constexpr std::size_t file_id = 100;
inline constexpr std::size_t file_name = 255;
inline constexpr std::uint32_t batch_files = 1'000'000;
inline constexpr std::size_t batch_names = 8;  ///< that are told beforehand
inline constexpr std::uint64_t batch_bytes = std::uint64_t{1} << 53;

}  // namespace culver::wire::limits
