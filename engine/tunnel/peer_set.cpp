#include "engine/tunnel/peer_set.h"

#include <charconv>

namespace engine {
namespace {

struct Announced {
  std::string key;
  int64_t session;
};

Result<Announced> parse(std::string_view text) {
  const size_t slash = text.find('/');
  Announced out{};
  if (slash != std::string_view::npos && slash > 0) {
    const std::string_view number = text.substr(slash + 1);
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), out.session);
    if (error == std::errc() && end == number.data() + number.size()) {
      out.key = text.substr(0, slash);
      return out;
    }
  }
  return Status::bad_request("tunnel: a peer's client is KEY/SESSION, not " + std::string(text));
}

}  // namespace

Result<Unit> PeerDirectory::added(std::string_view peer, std::string_view announced) {
  Announced client = TRY(parse(announced));
  holders_[std::move(client.key)].emplace(peer, client.session);
  return Unit{};
}

Result<Unit> PeerDirectory::removed(std::string_view peer, std::string_view announced) {
  const Announced client = TRY(parse(announced));
  const auto found = holders_.find(client.key);
  if (found == holders_.end()) return Unit{};
  found->second.erase({std::string(peer), client.session});
  if (found->second.empty()) holders_.erase(found);
  return Unit{};
}

void PeerDirectory::lost(std::string_view peer) {
  for (auto at = holders_.begin(); at != holders_.end();) {
    std::erase_if(at->second, [&](const Session& held) { return held.first == peer; });
    at = at->second.empty() ? holders_.erase(at) : std::next(at);
  }
}

std::optional<std::string> PeerDirectory::holder(std::string_view client_key) const {
  const auto found = holders_.find(client_key);
  if (found == holders_.end()) return std::nullopt;
  return found->second.begin()->first;
}

std::string peer_proto(std::string_view client_key, std::string_view proto) {
  std::string out(client_key);
  out += "::";
  out += proto;
  return out;
}

}  // namespace engine
