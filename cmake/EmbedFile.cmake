# Writes a source with the bytes of a file, as a script:
#   cmake -DFILE=... -DOUTPUT=... -DHEADER=folder/x.h -DNAME=tandem::folder::name -P EmbedFile.cmake
# HEADER declares NAME, a std::string_view.
file(READ "${FILE}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n    "
       bytes "${bytes}")
file(WRITE "${OUTPUT}" "// Made from ${FILE}
#include \"${HEADER}\"

namespace {
constexpr unsigned char bytes[] = {
    ${bytes}
};
}  // namespace

const std::string_view ${NAME}(reinterpret_cast<const char*>(bytes), sizeof bytes);
")
