#include "web/client/api.h"

#include "engine/base/text.h"

namespace web {

Status status_of(const HttpAnswer& answer) {
  if (answer.status == 0)
    return Status::service_unavailable("The server cannot be reached: " + answer.failed);
  std::string message, reason;
  if (auto json = engine::parse_json(answer.body)) {
    message = json->str("message");
    reason = json->str("reason", json->str("code"));
    if (message.empty()) message = json->str("detail");
    // The management API often says only what is wrong and with which field.
    if (message.empty() && !reason.empty()) {
      message = reason;
      if (const std::string_view field = json->str("fieldName"); !field.empty())
        message += ": " + std::string(field);
    }
  }
  if (message.empty() && !answer.body.empty() && answer.body.size() < 500 && answer.body[0] != '<')
    message = answer.body;
  if (message.empty()) message = "The server answered " + std::to_string(answer.status) + ".";
  return Status::other(answer.status, reason, message);
}

std::string url_escape(std::string_view part) {
  return engine::percent_escaped(part);
}

std::string url_unescape(std::string_view part) {
  auto digit = [](char c) {
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
  };
  std::string out;
  for (size_t i = 0; i < part.size(); i++) {
    if (part[i] == '%' && i + 2 < part.size() && digit(part[i + 1]) >= 0 &&
        digit(part[i + 2]) >= 0) {
      out += static_cast<char>(digit(part[i + 1]) * 16 + digit(part[i + 2]));
      i += 2;
    } else {
      out += part[i] == '+' ? ' ' : part[i];
    }
  }
  return out;
}

void Api::note(bool reached) {
  if (reached) {
    failed_since_ = 0;
    last_good_wall_ = backend_.wall_ms();
  } else if (failed_since_ == 0) {
    failed_since_ = backend_.now_ms();
  }
}

RequestId Api::start(HttpRequest request, Done done) {
  if (request.method != "GET") {
    const std::string csrf = backend_.cookie("CSRF");
    if (!csrf.empty()) request.headers.emplace_back("X-API-CSRF", csrf);
  }
  HttpHandlers handlers;
  handlers.done = [this, done = std::move(done)](HttpAnswer answer) {
    note(answer.status != 0);
    if (answer.status == 401 && on_unauthorized) on_unauthorized();
    if (!answer.ok()) {
      if (done) done(status_of(answer));
      return;
    }
    if (!done) return;
    if (answer.body.empty()) {
      done(Json());
      return;
    }
    done(engine::parse_json(answer.body, {.bytes_max = 64u << 20}));
  };
  return backend_.fetch(std::move(request), std::move(handlers));
}

RequestId Api::get(std::string url, Done done, std::string accept) {
  HttpRequest request;
  request.url = std::move(url);
  request.headers.emplace_back("Accept", std::move(accept));
  return start(std::move(request), std::move(done));
}

RequestId Api::send(std::string method, std::string url, const Json& body, Done done,
                    std::string content_type) {
  return send_text(std::move(method), std::move(url),
                   body.is_null() ? std::string() : engine::dump(body), std::move(content_type),
                   std::move(done));
}

RequestId Api::send_text(std::string method, std::string url, std::string body,
                         std::string content_type, Done done) {
  HttpRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.headers.emplace_back("Accept", "application/json");
  if (!body.empty()) request.headers.emplace_back("Content-Type", std::move(content_type));
  request.body = std::move(body);
  return start(std::move(request), std::move(done));
}

RequestId Api::stream(std::string url, std::function<void(std::string_view)> chunk,
                      std::function<void(Status*)> done) {
  HttpRequest request;
  request.url = std::move(url);
  HttpHandlers handlers;
  handlers.chunk = [this, chunk = std::move(chunk)](std::string_view bytes) {
    note(true);
    chunk(bytes);
  };
  handlers.done = [this, done = std::move(done)](HttpAnswer answer) {
    note(answer.status != 0);
    if (answer.status == 401 && on_unauthorized) on_unauthorized();
    if (answer.ok()) {
      done(nullptr);
      return;
    }
    Status status = status_of(answer);
    done(&status);
  };
  return backend_.fetch(std::move(request), std::move(handlers));
}

void Api::cancel(RequestId& id) {
  if (id != 0) backend_.cancel(id);
  id = 0;
}

}  // namespace web
