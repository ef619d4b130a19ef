// Records of CometBFT's write-ahead log of consensus, so that its logs can be read and written.
//
//     record = crc32c of data, 4 bytes big endian | length of data, 4 bytes big endian | data
//
// Data is a TimedWALMessage. A log that was cut by a crash ends in a damaged record; what stands
// before it is good. Tandem's own log is another one (store).
#pragma once
#include "types/consensus_messages.h"

namespace tandem::types {

inline constexpr std::uint32_t wal_data_bytes_max = 1'048'576 + 24;
inline constexpr std::size_t wal_header_bytes = 8;

struct EventDataRoundState {
    std::int64_t height = 0;
    std::int32_t round = 0;
    std::string step;  // "RoundStepPropose"

    bool operator==(const EventDataRoundState&) const = default;
};

struct MsgInfo {
    ConsensusMessage msg;
    std::string peer_id;  // empty: our own message

    bool operator==(const MsgInfo&) const = default;
};

struct TimeoutInfo {
    Duration duration;
    std::int64_t height = 0;
    std::int32_t round = 0;
    std::uint32_t step = 0;

    bool operator==(const TimeoutInfo&) const = default;
};

struct EndHeight {
    std::int64_t height = 0;

    bool operator==(const EndHeight&) const = default;
};

struct WalMessage {
    std::variant<std::monostate, EventDataRoundState, MsgInfo, TimeoutInfo, EndHeight> sum;

    bool operator==(const WalMessage&) const = default;
};

struct TimedWalMessage {
    Timestamp time;
    base::Box<WalMessage> msg;

    bool operator==(const TimedWalMessage&) const = default;
};

/// A member is there; a consensus message in it passes its own checks; a step fits 8 bits.
[[nodiscard]] Verdict check_decoded(const TimedWalMessage& message);

/// Refused where the data would be longer than a reader takes.
[[nodiscard]] Result<Bytes> encode_wal_record(const TimedWalMessage& message);

struct WalRecord {
    std::size_t bytes = 0;  // that the record took; 0 where the log ends here
    base::Box<TimedWalMessage> message;
};

/// The first record of `log`, which reaches to the end of the log. Refused, as "wal.damaged", is
/// whatever CometBFT calls corrupted.
///
/// Bytes that the log lacks of the last record count as zeros, unless all of its data is lacking:
/// the checksum then tells, and a record that lost nothing but zeros is whole.
[[nodiscard]] Result<WalRecord> read_wal_record(BytesView log);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::EventDataRoundState> {
    using M = types::EventDataRoundState;
    static constexpr std::string_view name = "EventDataRoundState";
    static constexpr auto fields = std::tuple{
        field<1>("height", &M::height), field<2>("round", &M::round), field<3>("step", &M::step)};
};

template <>
struct Described<types::MsgInfo> {
    static constexpr std::string_view name = "MsgInfo";
    static constexpr auto fields = std::tuple{field<1>("msg", &types::MsgInfo::msg),
                                              field<2>("peer_id", &types::MsgInfo::peer_id)};
};

template <>
struct Described<types::TimeoutInfo> {
    using M = types::TimeoutInfo;
    static constexpr std::string_view name = "TimeoutInfo";
    static constexpr auto fields =
        std::tuple{field<1>("duration", &M::duration), field<2>("height", &M::height),
                   field<3>("round", &M::round), field<4>("step", &M::step)};
};

template <>
struct Described<types::EndHeight> {
    static constexpr std::string_view name = "EndHeight";
    static constexpr auto fields = std::tuple{field<1>("height", &types::EndHeight::height)};
};

template <>
struct Described<types::WalMessage> {
    static constexpr std::string_view name = "WALMessage";
    static constexpr auto fields =
        std::tuple{one_of<1, 2, 3, 4>("sum", &types::WalMessage::sum, "event_data_round_state",
                                      "msg_info", "timeout_info", "end_height")};
};

template <>
struct Described<types::TimedWalMessage> {
    static constexpr std::string_view name = "TimedWALMessage";
    static constexpr auto fields = std::tuple{field<1>("time", &types::TimedWalMessage::time),
                                              field<2>("msg", &types::TimedWalMessage::msg)};
};

}  // namespace tandem::wire
