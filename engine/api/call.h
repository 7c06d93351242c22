// ApiCall: one request on its way through a verb, with what the verbs share. Thread: the request's.
// Owns: nothing; lives as long as the request is worked on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/access/authn.h"
#include "engine/api/negotiate.h"
#include "engine/api/request_info.h"
#include "engine/registry/registry.h"

namespace engine {

class FrameCache;
class TokenIssuer;
class WatchTimers;

// What the API stands on.
struct ApiParts {
  storage::Env& env;
  Registry& registry;
  Dispatcher& dispatcher;
  KindSet& kinds;
  Authorizer& authorizer;
  const AuthenticatorChain& authenticators;  // for TokenReview
  const TokenIssuer* issuer = nullptr;       // null: no service account tokens
  WatchTimers& timers;
  FrameCache& frames;
};

struct ApiCall {
  ApiParts& parts;
  const Request& request;
  const RequestInfo& info;
  KindPtr kind;
  std::vector<std::string> warnings;
  storage::Instant until;  // the client's timeout
  // Keeps request and info alive after the call, so that an answer may come later; null: it must
  // not.
  std::shared_ptr<const void> keeper = nullptr;

  storage::Instant deadline() const;  // for waits on the store or a cache
};

// One function a verb.
Result<Answer> verb_get(ApiCall& call);
Result<Answer> verb_list(ApiCall& call);
Result<Answer> verb_watch(ApiCall& call);
Result<Answer> verb_create(ApiCall& call);
Result<Answer> verb_update(ApiCall& call);
Result<Answer> verb_patch(ApiCall& call);
Result<Answer> verb_delete(ApiCall& call);
Result<Answer> verb_delete_collection(ApiCall& call);
// Kinds that are only asked: reviews, and a service account's token.
Result<Answer> verb_review(ApiCall& call);
Result<Answer> verb_token_request(ApiCall& call);

// The body as an object of the call's kind. Duplicate members are noted in `options`.
Result<Json> decode_body(ApiCall& call, WriteOptions& options);
// 403 unless the user may: for what a verb does besides what was asked.
Result<Unit> require(ApiCall& call, std::string_view verb);
// What a refusal says: who, what and where, in upstream's words.
Status forbidden_by(const User& user, const Attributes& asked, const Decision& decision);
Status too_large_revision(Revision asked, Revision current);

}  // namespace engine
