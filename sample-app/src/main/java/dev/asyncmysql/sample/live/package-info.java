/**
 * The page that shows the application at work: events for it, and what its buttons start.
 */
@NullMarked
package dev.asyncmysql.sample.live;

import org.jspecify.annotations.NullMarked;
