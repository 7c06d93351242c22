// People: users and groups as bindings name them: who that is in words, and a field that searches
// for them. Thread: the one thread. Owns: what was searched and what came of it.
#pragma once

#include <string>
#include <vector>

#include "web/client/lifetime.h"
#include "web/pages/app.h"

namespace web {

struct Person {
  std::string principal;  // local://u-abc, github_team://12
  std::string user;       // the id, of one who has an account here
  std::string name;       // to show
  std::string note;       // how they sign in, or that it is a group
  bool group = false;
  bool known() const { return !principal.empty() || !user.empty(); }
};

Collection& all_users(App& app);
Person person_of_user(App& app, std::string_view id);
// Who a globalRoleBinding, clusterRoleTemplateBinding or projectRoleTemplateBinding is for.
Person person_of_binding(App& app, const Json& binding);
Person person_of_principal(App& app, const Json& principal);
// The fields of a binding for that person.
void set_person(Json& binding, const Person& person);

// A field: what is typed is searched after a short rest, what is found is listed below it.
class PersonPicker {
 public:
  Person chosen;
  void reset();
  // Draws at (x, y); the height it takes is always the same, so that nothing jumps.
  void draw(App& app, float x, float y, float w, bool focus);
  static constexpr float kHeight = 62 + 4 * 40 + 8;

 private:
  void search(App& app);
  std::string typed_, searched_, error_;
  std::vector<Person> found_;
  double search_at_ = -1;
  bool searching_ = false;
  Lifetime alive_;
};

}  // namespace web
