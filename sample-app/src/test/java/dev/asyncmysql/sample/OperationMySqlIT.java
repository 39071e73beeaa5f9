package dev.asyncmysql.sample;

/**
 * What the application tells those who operate it, on MySQL.
 */
@OnMySql
class OperationMySqlIT extends AbstractOperationTests {

}
