#include "types/params.h"
