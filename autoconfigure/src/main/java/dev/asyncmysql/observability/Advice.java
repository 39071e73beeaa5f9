package dev.asyncmysql.observability;

/**
 * One thing to change.
 *
 * @param name its name, by which {@code async-mysql.advice.silence} hides it
 * @param text what is wrong, and which property or variable of the server to change
 */
public record Advice(String name, String text) {

}
