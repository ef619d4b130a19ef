// State sync: which snapshots of the application's state a peer has, and their chunks.
#pragma once
#include "types/basic.h"

namespace tandem::types {

/// Chunks of a snapshot that a node fetches, unless its configuration says otherwise.
inline constexpr std::uint32_t snapshot_chunks_max_default = 100'000;

/// The bytes of a chunk, which may be absent or be none: the receiver tells these two apart. Our
/// own encoding, like CometBFT's, cannot write the second.
class ChunkBytes {
  public:
    using value_type = std::uint8_t;

    ChunkBytes() = default;
    explicit ChunkBytes(Bytes bytes) : bytes_(std::move(bytes)), present_(true) {}

    [[nodiscard]] bool present() const noexcept { return present_; }
    [[nodiscard]] const std::uint8_t* data() const noexcept { return bytes_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
    [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
    template <typename Iterator>
    void assign(Iterator begin, Iterator end) {
        bytes_.assign(begin, end);
        present_ = true;
    }
    [[nodiscard]] Bytes take() && { return std::move(bytes_); }

    bool operator==(const ChunkBytes&) const = default;

  private:
    Bytes bytes_;
    bool present_ = false;  // invariant: set where bytes_ is not empty
};

struct SnapshotsRequest {
    bool operator==(const SnapshotsRequest&) const = default;
};

struct SnapshotsResponse {
    std::uint64_t height = 0;
    std::uint32_t format = 0;
    std::uint32_t chunks = 0;
    Bytes hash;
    Bytes metadata;

    bool operator==(const SnapshotsResponse&) const = default;
};

struct ChunkRequest {
    std::uint64_t height = 0;
    std::uint32_t format = 0;
    std::uint32_t index = 0;

    bool operator==(const ChunkRequest&) const = default;
};

struct ChunkResponse {
    std::uint64_t height = 0;
    std::uint32_t format = 0;
    std::uint32_t index = 0;
    ChunkBytes chunk;
    bool missing = false;  // the sender has no such chunk

    bool operator==(const ChunkResponse&) const = default;
};

struct StatesyncMessage {
    std::variant<std::monostate, SnapshotsRequest, SnapshotsResponse, ChunkRequest, ChunkResponse>
        sum;

    bool operator==(const StatesyncMessage&) const = default;
};

/// A member is there and valid. A refusal ends the connection.
[[nodiscard]] Verdict check_decoded(const StatesyncMessage& message,
                                    std::uint32_t chunks_max = snapshot_chunks_max_default);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::SnapshotsRequest> {
    static constexpr std::string_view name = "SnapshotsRequest";
    static constexpr auto fields = std::tuple{};
};

template <>
struct Described<types::SnapshotsResponse> {
    using M = types::SnapshotsResponse;
    static constexpr std::string_view name = "SnapshotsResponse";
    static constexpr auto fields =
        std::tuple{field<1>("height", &M::height), field<2>("format", &M::format),
                   field<3>("chunks", &M::chunks), field<4>("hash", &M::hash),
                   field<5>("metadata", &M::metadata)};
};

template <>
struct Described<types::ChunkRequest> {
    using M = types::ChunkRequest;
    static constexpr std::string_view name = "ChunkRequest";
    static constexpr auto fields =
        std::tuple{field<1>("height", &M::height), field<2>("format", &M::format),
                   field<3>("index", &M::index)};
};

template <>
struct Described<types::ChunkResponse> {
    using M = types::ChunkResponse;
    static constexpr std::string_view name = "ChunkResponse";
    static constexpr auto fields =
        std::tuple{field<1>("height", &M::height), field<2>("format", &M::format),
                   field<3>("index", &M::index), field<4>("chunk", &M::chunk),
                   field<5>("missing", &M::missing)};
};

template <>
struct Described<types::StatesyncMessage> {
    static constexpr std::string_view name = "Message";
    static constexpr auto fields =
        std::tuple{one_of<1, 2, 3, 4>("sum", &types::StatesyncMessage::sum, "snapshots_request",
                                      "snapshots_response", "chunk_request", "chunk_response")};
};

}  // namespace tandem::wire
