/**
 * Tests of what the page listens to.
 */
@NullMarked
package dev.asyncmysql.sample.live;

import org.jspecify.annotations.NullMarked;
