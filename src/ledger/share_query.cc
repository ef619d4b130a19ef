// Queries of share: single entries with proofs, histories, and ranges of records.
#include <algorithm>
#include <charconv>
#include <limits>

#include "ledger/share_block.h"
#include "types/time_text.h"
#include "wire/json_write.h"

namespace tandem::ledger {

namespace {

using abci::ResponseQuery;
using wire::JsonWriter;

constexpr std::int64_t answers_max = 100;          // of one query
constexpr std::int64_t signed_blocks_max = 100;    // how old a reader's signature may be
constexpr std::size_t answer_bytes_max = 1 << 20;  // after which a list ends

/// "/records?limit=5&from=a" and what stands behind.
struct Path {
    std::string_view name;
    std::map<std::string_view, std::string_view> options;

    explicit Path(std::string_view text) : name(text.substr(0, text.find('?'))) {
        text.remove_prefix(std::min(name.size() + 1, text.size()));
        while (!text.empty()) {
            const std::string_view part = text.substr(0, text.find('&'));
            text.remove_prefix(std::min(part.size() + 1, text.size()));
            const std::size_t equal = std::min(part.find('='), part.size());
            options[part.substr(0, equal)] = part.substr(std::min(equal + 1, part.size()));
        }
    }
    [[nodiscard]] std::string_view text(std::string_view option) const {
        const auto found = options.find(option);
        return found == options.end() ? std::string_view() : found->second;
    }
    [[nodiscard]] std::int64_t number(std::string_view option, std::int64_t otherwise) const {
        const std::string_view digits = text(option);
        std::int64_t value = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        const bool whole = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
        return whole && !digits.empty() ? value : otherwise;
    }
};

/// "organisation/name/rest": the rest may hold anything.
struct Place {
    std::string_view organisation, name;
    BytesView rest;

    explicit Place(BytesView data) {
        std::string_view text = base::as_text(data);
        organisation = take(text);
        name = take(text);
        rest = base::as_bytes(text);
    }
    static std::string_view take(std::string_view& text) {
        const std::string_view part = text.substr(0, text.find('/'));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        return part;
    }
};

class Asking {
  public:
    Asking(const Storage& storage, const ShareTree& tree, const crypto::Verifier& verifier,
           std::string_view chain_id, std::int64_t height, const abci::RequestQuery& request)
        : storage_(storage),
          tree_(tree),
          verifier_(verifier),
          chain_id_(chain_id),
          request_(request),
          path_(request.path),
          place_(request.data) {
        answer_.key = request.data;
        answer_.height = height;
    }

    ResponseQuery run() {
        const std::string organisation(place_.organisation), name(place_.name);
        if (path_.name == "/organisation") return entry(share::organisation_key(organisation));
        if (path_.name == "/member") return entry(share::member_key(organisation, name));
        if (path_.name == "/namespace") return entry(share::namespace_key(organisation, name));
        if (path_.name == "/organisations") return names_of_organisations();
        const bool is_of_records =
            path_.name == "/record" || path_.name == "/history" || path_.name == "/records";
        if (!is_of_records)
            return refused(ShareCode::bad_query,
                           "there is no such query: /record, /history, /records, /organisations, "
                           "/organisation, /member, /namespace");
        const auto stored = tree_.get(share::namespace_key(organisation, name));
        if (!stored)
            return refused(ShareCode::unknown_namespace, "the organisation has no such namespace");
        if (!may_read(*share::decode_entry<share::Namespace>(*stored)))
            return refused(ShareCode::not_allowed,
                           "the namespace names its readers: sign the query as a member of one");
        const Bytes record = share::record_key(organisation, name, place_.rest);
        if (path_.name == "/record") return entry(record);
        return path_.name == "/history" ? history(record) : records(record);
    }

  private:
    ResponseQuery refused(ShareCode code, std::string log) {
        answer_.code = static_cast<std::uint32_t>(code);
        answer_.codespace = "share";
        answer_.log = std::move(log);
        return std::move(answer_);
    }
    ResponseQuery entry(const Bytes& key) {
        answer_.key = key;
        auto value = tree_.get(key);
        answer_.log = value ? "exists" : "does not exist";
        answer_.value = std::move(value).value_or(Bytes{});
        if (request_.prove)
            if (auto proof = tree_.prove(key)) answer_.proof_ops = std::move(*proof);
        return std::move(answer_);
    }
    ResponseQuery text(std::string json) {
        answer_.value = base::to_bytes(base::as_bytes(json));
        return std::move(answer_);
    }

    /// as=ORGANISATION/MEMBER, at=HEIGHT, sig=HEX.
    [[nodiscard]] bool may_read(const share::Namespace& space) const {
        if (space.readers.empty()) return true;
        std::string_view reader = path_.text("as");
        const std::string organisation(Place::take(reader)), member(reader);
        const bool is_listed = organisation == place_.organisation ||
                               std::ranges::binary_search(space.readers, organisation);
        const auto stored = tree_.get(share::member_key(organisation, member));
        const std::int64_t at = path_.number("at", -1);
        const auto signature = base::from_hex(path_.text("sig"));
        if (!is_listed || !stored || !signature || at < 0 || at > answer_.height + 1 ||
            at + signed_blocks_max < answer_.height)
            return false;
        const auto entry = share::decode_entry<share::Member>(*stored);
        return entry &&
               verifier_.verify(entry->key,
                                share::query_sign_bytes(chain_id_, path_.name, request_.data, at),
                                *signature);
    }

    [[nodiscard]] std::int64_t limit() const {
        return std::clamp<std::int64_t>(path_.number("limit", answers_max), 1, answers_max);
    }

    static void write_record(JsonWriter& writer, BytesView encoded) {
        const auto record = share::decode_entry<share::Record>(encoded);
        if (!record) return;
        writer.name("version").quoted(record->version);
        writer.name("removed").boolean(record->removed);
        writer.name("height").quoted(record->height);
        writer.name("time").string(types::to_text(record->time));
        writer.name("member").string(record->member);
        writer.name("value").base64(record->value);
        writer.name("record").base64(encoded);  // as proofs and hashes are about it
    }

    /// The newest version first; before=VERSION goes on where an answer ended.
    ResponseQuery history(const Bytes& record) {
        std::vector<Bytes> versions;
        const std::int64_t before =
            path_.number("before", std::numeric_limits<std::int64_t>::max());
        const auto newest = tree_.get(record);
        std::int64_t version = 0;
        if (newest)
            version = std::min(share::decode_entry<share::Record>(*newest)->version, before - 1);
        JsonWriter writer;
        writer.begin_object().name("versions").begin_array();
        std::size_t bytes = 0;
        for (std::int64_t left = limit(); version > 0 && left > 0 && bytes < answer_bytes_max;
             --version, --left) {
            const auto stored = storage_.get(version_key(record, version));
            if (!stored) break;
            bytes += stored->size();
            writer.begin_object();
            write_record(writer, *stored);
            writer.end_object();
        }
        writer.end_array();
        writer.name("next_before").quoted(version > 0 ? version + 1 : 0);
        writer.end_object();
        return text(writer.take());
    }

    /// Records whose keys begin with what was asked for, from=KEY (hex) on.
    ResponseQuery records(const Bytes& prefix) {
        const std::size_t names = prefix.size() - place_.rest.size();
        Bytes from(prefix.begin(), prefix.begin() + static_cast<std::ptrdiff_t>(names));
        base::append(from, base::from_hex(path_.text("from")).value_or(Bytes{}));
        JsonWriter writer;
        writer.begin_object().name("records").begin_array();
        std::int64_t left = limit();
        std::size_t bytes = 0;
        std::string next;
        tree_.scan(prefix, from, [&](BytesView key, BytesView value) {
            if (left == 0 || bytes >= answer_bytes_max) {
                next = base::to_hex(key.subspan(names));
                return false;
            }
            const auto record = share::decode_entry<share::Record>(value);
            if (!record || record->removed) return true;
            --left;
            bytes += value.size();
            writer.begin_object();
            writer.name("key").base64(key.subspan(names));
            write_record(writer, value);
            writer.end_object();
            return true;
        });
        writer.end_array();
        writer.name("next_from").string(next);
        writer.end_object();
        return text(writer.take());
    }

    ResponseQuery names_of_organisations() {
        JsonWriter writer;
        writer.begin_array();
        const Bytes prefix = share::organisation_key("");
        tree_.scan(prefix, prefix, [&](BytesView key, BytesView) {
            writer.string(base::as_text(key.subspan(prefix.size())));
            return true;
        });
        writer.end_array();
        return text(writer.take());
    }

    const Storage& storage_;
    const ShareTree& tree_;
    const crypto::Verifier& verifier_;
    std::string_view chain_id_;
    const abci::RequestQuery& request_;
    Path path_;
    Place place_;
    ResponseQuery answer_;
};

}  // namespace

abci::ResponseQuery share_query(const Storage& storage, const ShareTree& tree,
                                const crypto::Verifier& verifier, std::string_view chain_id,
                                std::int64_t height, const abci::RequestQuery& request) {
    return Asking(storage, tree, verifier, chain_id, height, request).run();
}

}  // namespace tandem::ledger
