// The remote signer's protocol: a node asks a process that holds the key (wire page, part C).
//
// Strict request and answer, each message behind its length. CometBFT's readers take at most
// signer_message_bytes_max, so that a precommit with a long extension cannot be signed remotely.
#pragma once
#include "types/validator.h"
#include "types/vote.h"

namespace tandem::types {

inline constexpr std::uint64_t signer_message_bytes_max = 10'240;

struct RemoteSignerError {
    std::int32_t code = 0;
    std::string description;

    bool operator==(const RemoteSignerError&) const = default;
};

struct PubKeyRequest {
    std::string chain_id;

    bool operator==(const PubKeyRequest&) const = default;
};

struct PubKeyResponse {
    PublicKey pub_key;
    base::Box<RemoteSignerError> error;

    bool operator==(const PubKeyResponse&) const = default;
};

struct SignVoteRequest {
    base::Box<Vote> vote;
    std::string chain_id;

    bool operator==(const SignVoteRequest&) const = default;
};

/// The vote as signed: with its signatures, and perhaps an earlier time.
struct SignedVoteResponse {
    Vote vote;
    base::Box<RemoteSignerError> error;

    bool operator==(const SignedVoteResponse&) const = default;
};

struct SignProposalRequest {
    base::Box<Proposal> proposal;
    std::string chain_id;

    bool operator==(const SignProposalRequest&) const = default;
};

struct SignedProposalResponse {
    Proposal proposal;
    base::Box<RemoteSignerError> error;

    bool operator==(const SignedProposalResponse&) const = default;
};

struct PingRequest {
    bool operator==(const PingRequest&) const = default;
};

struct PingResponse {
    bool operator==(const PingResponse&) const = default;
};

struct PrivvalMessage {
    std::variant<std::monostate, PubKeyRequest, PubKeyResponse, SignVoteRequest, SignedVoteResponse,
                 SignProposalRequest, SignedProposalResponse, PingRequest, PingResponse>
        sum;

    bool operator==(const PrivvalMessage&) const = default;
};

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::RemoteSignerError> {
    using M = types::RemoteSignerError;
    static constexpr std::string_view name = "RemoteSignerError";
    static constexpr auto fields =
        std::tuple{field<1>("code", &M::code), field<2>("description", &M::description)};
};

template <>
struct Described<types::PubKeyRequest> {
    static constexpr std::string_view name = "PubKeyRequest";
    static constexpr auto fields =
        std::tuple{field<1>("chain_id", &types::PubKeyRequest::chain_id)};
};

template <>
struct Described<types::PubKeyResponse> {
    using M = types::PubKeyResponse;
    static constexpr std::string_view name = "PubKeyResponse";
    static constexpr auto fields =
        std::tuple{field<1>("pub_key", &M::pub_key), field<2>("error", &M::error)};
};

template <>
struct Described<types::SignVoteRequest> {
    using M = types::SignVoteRequest;
    static constexpr std::string_view name = "SignVoteRequest";
    static constexpr auto fields =
        std::tuple{field<1>("vote", &M::vote), field<2>("chain_id", &M::chain_id)};
};

template <>
struct Described<types::SignedVoteResponse> {
    using M = types::SignedVoteResponse;
    static constexpr std::string_view name = "SignedVoteResponse";
    static constexpr auto fields =
        std::tuple{field<1>("vote", &M::vote), field<2>("error", &M::error)};
};

template <>
struct Described<types::SignProposalRequest> {
    using M = types::SignProposalRequest;
    static constexpr std::string_view name = "SignProposalRequest";
    static constexpr auto fields =
        std::tuple{field<1>("proposal", &M::proposal), field<2>("chain_id", &M::chain_id)};
};

template <>
struct Described<types::SignedProposalResponse> {
    using M = types::SignedProposalResponse;
    static constexpr std::string_view name = "SignedProposalResponse";
    static constexpr auto fields =
        std::tuple{field<1>("proposal", &M::proposal), field<2>("error", &M::error)};
};

template <>
struct Described<types::PingRequest> {
    static constexpr std::string_view name = "PingRequest";
    static constexpr auto fields = std::tuple{};
};

template <>
struct Described<types::PingResponse> {
    static constexpr std::string_view name = "PingResponse";
    static constexpr auto fields = std::tuple{};
};

template <>
struct Described<types::PrivvalMessage> {
    static constexpr std::string_view name = "Message";
    static constexpr auto fields = std::tuple{one_of<1, 2, 3, 4, 5, 6, 7, 8>(
        "sum", &types::PrivvalMessage::sum, "pub_key_request", "pub_key_response",
        "sign_vote_request", "signed_vote_response", "sign_proposal_request",
        "signed_proposal_response", "ping_request", "ping_response")};
};

}  // namespace tandem::wire
