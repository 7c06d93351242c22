#include "appliance/routes/own_api.h"

#include "engine/api/discovery.h"
#include "engine/api/impersonate.h"
#include "engine/api/status_writer.h"

namespace appliance {
namespace {

// What lies behind the body, brought into it: who asks here wants one text.
engine::Response whole(engine::Response response) {
  if (!response.parts) return response;
  const auto parts = std::move(response.parts);
  response.body.reserve(response.body.size() + parts->bytes());
  for (size_t i = 0; i < parts->list().size(); i++) {
    if (i > 0) response.body += parts->between();
    response.body += *parts->list()[i];
  }
  response.body += parts->after();
  return response;
}

class OwnApi final : public engine::Transport, public std::enable_shared_from_this<OwnApi> {
 public:
  OwnApi(const OwnApiParts& parts, const engine::User& user) : parts_(parts), user_(user) {}

  void call(engine::ClusterCall call, Done done) override {
    auto asked = std::make_shared<engine::Request>();
    asked->method = std::move(call.method);
    asked->target = std::move(call.target);
    const size_t mark = asked->target.find('?');
    asked->path = asked->target.substr(0, mark);
    if (mark != std::string::npos) asked->raw_query = asked->target.substr(mark + 1);
    asked->query = engine::Query::parse(asked->raw_query);
    asked->headers = std::move(call.headers);
    asked->body = std::move(call.body);
    asked->user = user_;
    parts_.env.post(
        [self = shared_from_this(), asked, done = std::move(done)] { done(self->answer(*asked)); });
  }

 private:
  engine::Result<engine::Response> answer(engine::Request& asked) {
    auto info = engine::RequestInfo::parse(asked);
    if (!info) return engine::status_response(asked, info.error());
    auto attributes = info->attributes();
    auto decision = parts_.authorizer.authorize(asked.user, attributes);
    if (!decision.allowed)
      return engine::status_response(asked, engine::forbidden_by(asked.user, attributes, decision));
    if (!info->is_resource) return described(asked);
    auto given = parts_.api.serve(asked, *info);
    if (auto* response = std::get_if<engine::Response>(&given)) return whole(std::move(*response));
    return engine::Status::internal("a watch where an answer was wanted");
  }

  // What a group or a version has, which is all that is asked for beside objects.
  engine::Result<engine::Response> described(const engine::Request& asked) {
    constexpr std::string_view kCore = "/api/", kGroups = "/apis/";
    auto kinds = parts_.kinds.snapshot();
    std::optional<engine::Json> found;
    if (asked.path.starts_with(kCore)) {
      found = engine::api_resources_document(*kinds, "", asked.path.substr(kCore.size()));
    } else if (asked.path.starts_with(kGroups)) {
      const std::string place = asked.path.substr(kGroups.size());
      const size_t slash = place.find('/');
      found = slash == std::string::npos
                  ? engine::api_group_document(*kinds, place)
                  : engine::api_resources_document(*kinds, place.substr(0, slash),
                                                   place.substr(slash + 1));
    }
    if (!found) return engine::status_response(asked, engine::Status::not_found_path());
    return engine::Response{.status = 200, .headers = {}, .body = dump(*found)};
  }

  const OwnApiParts parts_;
  const engine::User user_;
};

}  // namespace

std::shared_ptr<engine::Transport> own_api(const OwnApiParts& parts, const engine::User& user) {
  return std::make_shared<OwnApi>(parts, user);
}

}  // namespace appliance
