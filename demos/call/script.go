package call

import (
	"context"
	"fmt"
	"strings"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
)
