#include "engine/norman/project_removal.h"

#include "engine/base/answers.h"
#include "engine/norman/negotiate.h"

namespace engine {
namespace {

// Enough to name, not to read through: more are counted.
constexpr std::string_view kNamed = "1000";

struct Question {
  std::string field;  // of the answer
  std::string path, query;
};

class Removal : public std::enable_shared_from_this<Removal> {
 public:
  Removal(const Call& call, const Json& project)
      : norman_(call.norman),
        asker_(call.request.user),
        host_(call.request.headers.get("Host")),
        scheme_(call.request.scheme),
        cluster_(project.str({"metadata", "namespace"})),
        id_(cluster_ + ":" + std::string(project.str({"metadata", "name"}))),
        name_(project.str({"spec", "displayName"}, id_)) {
    const std::string of_project = "limit=" + std::string(kNamed) + "&projectId=" + id_;
    questions_ = {{"namespaces", "/v3/cluster/" + cluster_ + "/namespaces", of_project},
                  {"bindings", "/v3/projectRoleTemplateBindings", of_project},
                  {"secrets", "/v3/project/" + id_ + "/secrets", "limit=" + std::string(kNamed)}};
  }

  // Asks what is left to ask, then answers.
  Answer go_on() {
    if (next_ == questions_.size()) return answer();
    const Question& question = questions_[next_];
    request_ = std::make_shared<Request>();
    request_->method = "GET";
    request_->path = question.path;
    request_->raw_query = question.query;
    request_->target = question.path + "?" + question.query;
    request_->query = Query::parse(question.query);
    request_->headers.add("Host", host_);
    request_->scheme = scheme_;
    request_->user = asker_;
    return when_settled(norman_.handle(*request_), [self = shared_from_this()](Answer came) {
      auto* response = std::get_if<Response>(&came);
      self->heard(response ? in_one_body(std::move(*response))
                           : norman_error(Status::internal("a stream is no list")));
      return self->go_on();
    });
  }

 private:
  void heard(const Response& response) {
    const std::string& field = questions_[next_++].field;
    auto body = parse_json(response.body);
    const Json* data = body ? body->find("data") : nullptr;
    if (response.status != 200 || !data || !data->is_array()) {
      unknown_.push_back(Json::object(
          {{"field", field}, {"message", body ? body->str("message") : std::string_view()}}));
      return;
    }
    Json& list = found_[field] = Json::array();
    for (const Json& one : data->as_array()) {
      // A collection's own filter is not trusted with what is told.
      if (field != "secrets" && one.str("projectId") != id_) continue;
      list.push_back(told(field, one));
    }
    if (const Json* next = body->at({"pagination", "next"}); next && !next->is_null())
      unknown_.push_back(
          Json::object({{"field", field}, {"message", "there are more than are named here"}}));
  }

  static Json told(std::string_view field, const Json& one) {
    Json out = Json::object({{"id", one.str("id")}});
    const auto copy = [&](std::initializer_list<std::string_view> names) {
      for (std::string_view name : names)
        if (std::string_view value = one.str(name); !value.empty()) out.set(name, value);
    };
    copy({"name"});
    if (field == "bindings")
      copy({"roleTemplateId", "userId", "userPrincipalId", "groupId", "groupPrincipalId",
            "serviceAccount"});
    return out;
  }

  size_t count(std::string_view field) const {
    const Json* list = found_.find(field);
    return list ? list->size() : 0;
  }

  // "2 namespaces (web, db) stay ..."
  std::string words() const {
    const auto several = [&](std::string_view field, std::string_view one) {
      const size_t n = count(field);
      return std::to_string(n) + " " + std::string(one) + (n == 1 ? "" : "s");
    };
    std::string out = "Deleting the project " + name_ + ": ";
    out += several("namespaces", "namespace");
    if (const Json* list = found_.find("namespaces"); list && list->size() > 0) {
      out += " (";
      for (const Json& one : list->as_array()) {
        if (&one != &list->as_array().front()) out += ", ";
        out += one.str("id");
      }
      out += ")";
    }
    out += count("namespaces") == 1 ? " stays" : " stay";
    out +=
        " in the cluster with everything running there, in no project; the quota and the "
        "defaults of the project end there. ";
    out += several("bindings", "binding");
    out += " of members and " + several("secrets", "secret") + " of the project go.";
    if (unknown_.size() > 0) out += " Not everything could be asked: see unknown.";
    return out;
  }

  Response answer() const {
    Json out = Json::object(
        {{"type", "projectRemoval"}, {"baseType", "projectRemoval"}, {"projectId", id_}});
    out.set("message", words());
    for (const Question& question : questions_)
      if (const Json* list = found_.find(question.field)) out.set(question.field, *list);
    out.set("unknown", unknown_);
    return norman_response(200, out, "");
  }

  Norman& norman_;
  const User asker_;
  const std::string host_, scheme_, cluster_, id_, name_;
  std::vector<Question> questions_;
  size_t next_ = 0;
  std::shared_ptr<Request> request_;  // the question's, which answers may still read
  Json found_ = Json::object(), unknown_ = Json::array();
};

}  // namespace

Answer project_removal(const Call& call, const Json& project) {
  return std::make_shared<Removal>(call, project)->go_on();
}

}  // namespace engine
