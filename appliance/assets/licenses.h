// The licences of everything in this program: a table for people, and the whole texts.
// Thread: any. Owns: nothing; the texts are in the program.
#pragma once

#include <string>

namespace appliance {

std::string licence_list();  // name, version, licence, a line each
std::string licence_texts();

}  // namespace appliance
